"""The one way out: HTTP requests to addresses that a user gave. Owns no table; emits and hears nothing.

`guard` resolves a host, refuses private, loopback, link-local and metadata addresses unless the operator allowed
that host, and the connection goes to the address that was checked; no redirect to an unchecked host; size and
time are capped. Webhooks and attachments both go through it.
"""
