"""WhatsApp's Cloud API as a transport: so far its pure part, which makes and reads JSON and opens no connection.

`errors` says what follows from each of Meta's codes, `bodies` makes what is posted to a number's `/messages`,
`webhooks` reads what Meta posts to us. There is no client, no address for webhooks and no way to set a device up
yet, so `wiring` does not name it. Owns no table; emits and hears nothing.
"""
