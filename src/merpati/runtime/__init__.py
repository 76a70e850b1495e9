"""What runs: the node with its lease, the sessions of the devices it owns, their senders, the supervisor.

Owns no table; emits and hears nothing. Takes `wiring`'s tables from `app`.
"""
