"""Webhooks: what happened, told to the addresses that a device's owner gave, in Fonnte's bodies.

Owns: `endpoint`, `hook_lane`, `dead_letter`, `hook_call`. Emits nothing.
Hears every fact, by a cursor per endpoint.

At least once, in order per device, the same `webhook-id` in every try. One dead endpoint delays no other.
"""
