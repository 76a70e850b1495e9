"""The worker: a process that holds linked devices' sessions, and the only place that loads whatsmeow.

`library` finds and declares what of neonize's shared library is called, `client` is one session of it, `gate` keeps
calls and changes apart; `store` keeps what came until the gateway has it, `telling` tells it; `outgoing` and
`incoming` turn contents into WhatsApp's messages and back (pure), `past` reads with whom a number spoke before
(pure), `names` knows who is who (phone number and LID), `ends` what ends a session; `session` is one device, with
`sending` and `reading`, and `line` what these share; `serving` is the process: the socket, its words, its end.
`merpati.transports.linked.process` starts it as another Python process.
"""
