"""Devices: accounts, their owners, WhatsApp numbers with Fonnte's settings, tokens, and who holds which session.

Owns: `account`, `owner`, `invitation`, `device`, `device_owner`, `device_state`.
Emits: DeviceAdded, DeviceUpdated, DeviceStateChanged. Hears nothing.

`ownership` claims devices for a node (lease and epoch) and gives the fence that others put into their statements.
`tokens` makes, hashes and seals tokens. `connection` keeps the log of states, and says how long a device was
disconnected.
"""
