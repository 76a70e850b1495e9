"""The one way out: HTTP requests to addresses that a user gave. Owns no table; emits and hears nothing.

`guard` refuses private, loopback, link-local, metadata and other special addresses (`networks` lists them) unless
the operator allowed that host. It judges the very addresses that the connection then goes to, so that a name
which changes its answer between check and connect gains nothing. `client.Egress` is the process's one client:
`post` for webhooks (no redirects), `get` for `fetch.fetch`, which stores an attachment (every hop is judged
anew); size and time are capped.
"""
