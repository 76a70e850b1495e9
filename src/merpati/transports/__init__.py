"""Ways to reach WhatsApp, each a folder behind `port.Transport`. Emits and hears nothing.

Owns: `cloud_line`, `cloud_news`, `cloud_template_reading`, `cloud_template`, all of `cloud_api`.

Only `wiring` names a concrete transport. `tests/conformance/transport.py` is the suite each one must pass.
"""
