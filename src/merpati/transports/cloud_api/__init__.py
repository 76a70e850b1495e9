"""WhatsApp's Cloud API as a transport: so far a pure part of it, which opens no connection.

`errors` says what follows from each of Meta's codes, `bodies` makes what is posted to a number's `/messages`. There
is no client, no reading of webhooks and no way to set a device up yet, so `wiring` does not name it. Owns no table;
emits and hears nothing.
"""
