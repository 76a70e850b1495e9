"""Contacts: whom a device can write to, as far as it is known. Today: the groups that it is in.

Owns: `known_group`, `group_reading`. Emits: nothing. Hears: nothing.

`groups` keeps the list that was last read from WhatsApp: reading it again and again is abuse there, so it is read
when somebody asks for it, and answered from here.
"""
