"""Devices: WhatsApp numbers with Fonnte's settings, their tokens, and who holds which session.

Owns: `device`, `device_owner`, `device_state`, `device_ask`, `device_old_token`,
`deletion_code`.
Emits: DeviceAdded, DeviceUpdated, DeviceStateChanged, DeviceDeleted. Hears nothing.

`ownership` claims devices for a node (lease and epoch) and gives the fence that others put into their statements.
`deletion` takes a device away; its row stays, as its history names it.
`plans` are what the operator allows a device: quota, end, package.
`connection` keeps the log of states, and says how long a device was disconnected.
"""
