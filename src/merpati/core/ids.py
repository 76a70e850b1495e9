"""Ids are types. All numbers are 63-bit and drawn from ranges reserved in the database (`storage.ids`)."""

from typing import NewType

AccountId = NewType("AccountId", int)
DeviceId = NewType("DeviceId", int)
UserId = NewType("UserId", int)
SignInId = NewType("SignInId", int)
"""A user's session in a browser."""
MessageId = NewType("MessageId", int)
"""Fonnte's `id`."""
BatchId = NewType("BatchId", int)
RequestId = NewType("RequestId", int)
"""Fonnte's `requestid`."""
MediaId = NewType("MediaId", int)
EndpointId = NewType("EndpointId", int)
JobId = NewType("JobId", int)
AskId = NewType("AskId", int)
RotatorId = NewType("RotatorId", int)
KeyId = NewType("KeyId", int)
"""A key to our own API."""

WireRef = NewType("WireRef", str)
"""Our reference on the wire, fixed at acceptance, so that a repeated hand-off carries the same one."""
WaId = NewType("WaId", str)
"""WhatsApp's own id of a message, known at its acknowledgement. Fonnte's `stateid`."""
Address = NewType("Address", str)
"""Where a message goes: digits of an international phone number, or a group id ending in `@g.us`."""
Incarnation = NewType("Incarnation", str)
"""One life of one process attached to the database: 128 random bits in hex, never used again."""
Epoch = NewType("Epoch", int)
"""The number that fences a late owner: it rises with every change of ownership."""
