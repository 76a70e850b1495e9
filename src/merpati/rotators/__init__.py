"""Rotators: one of several recipients is drawn, by weight, each time one is needed.

Owns: `rotator`, `rotator_member`, `rotator_count`. Emits nothing. Hears nothing.

`draw` is the pure part; the state of a round is in the members' rows, so that it holds over restarts and nodes.
"""
