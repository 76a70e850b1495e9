"""WhatsApp's Cloud API as a transport: so far its table of errors, which opens no connection.

`errors` says what follows from each of Meta's codes. There is no client, no address for webhooks and no way to set
a device up yet, so `wiring` does not name it. Owns no table; emits and hears nothing.
"""
