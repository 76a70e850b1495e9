"""A phone linked by QR or by a pairing code: WhatsApp as its own linked devices speak it, in a process of its own.

The protocol is whatsmeow's, a Go library that neonize ships as a shared library (extra `merpati[linked]`). Part of
that binary is under the GPL, and it can abort its process: so it is loaded by `worker` alone, which runs as another
process, has no network listener, and is spoken to over a socket pair.

Ours, in this process: `frames` and `protocol` (what crosses the socket), `life` (the table of states), `errors`
(the table of what a failed hand-over means), `process` (one worker: started, watched by heartbeats, killed when it
does not answer, started again with back-off), `transport` (one device behind the port), `storing` (its events, in
order), `folder` (where a device's keys lie, and marks on them), `link` (what a process has of all this). The
worker's: everything in `worker`; it loads `neonize`, nothing else does.

Owns no table: what WhatsApp's protocol needs to remember lies in `linked/<device>/` of the data folder. Emits and
hears no fact.
"""
