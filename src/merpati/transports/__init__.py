"""Ways to reach WhatsApp, each a folder behind `port.Transport`. Owns no table; emits and hears nothing.

Only `wiring` names a concrete transport. `tests/conformance/transport.py` is the suite each one must pass.
"""
