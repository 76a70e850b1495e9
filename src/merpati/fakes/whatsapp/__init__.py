"""WhatsApp's servers and people's phones, as far as linked devices go; needs the extra `merpati[fake-whatsapp]`.

It speaks the real protocol to the real client library: TLS, WebSocket, Noise, binary nodes, Signal. `server.
open_whatsapp` opens one on loopback; `FakeWhatsapp.pointing` leads a client's process to it and keeps it from the
real service (`pointing`, three locks), `FakeWhatsapp.network` is what there is: phones, groups, faults. A phone
links a device by `pairing.scan` and `pairing.enter_code`, writes by `acting`, and what it sees is `Phone.shown`;
links and connections end by `endings`. Kept in memory alone; a client that was killed finds its messages on the
phone.

Source: WhatsApp, "Encryption Overview"; Signal's specifications; the public source of the client libraries.
"""
