"""WhatsApp's Cloud API: official numbers, over HTTP to Meta and webhooks from Meta.

`errors` says what follows from each of Meta's codes, `bodies` makes what is posted, `webhooks` reads what Meta
posts (all pure). `client` speaks to Meta, `files` brings attachments, `transport` is one device behind the port,
`link` is what a process has of all this. `lines` knows which of Meta's numbers a device is; `news` keeps what Meta
posted: it is stored as it came, answered at once, and worked after that by whoever holds the device, in order
(`telling`); what waits for a slow file goes on beside that (`late_files`).

`hand_overs` posts messages in their order and at Meta's paces, `uploads` knows which file has which id there,
`marks` shows people that what they wrote was read. `setting_up` asks Meta about a number before it is a device's,
`templates` keeps the templates of its business.

`cloud_line`, `cloud_news`, `cloud_template_reading` and `cloud_template` are its tables; it emits and hears no
fact.
"""
