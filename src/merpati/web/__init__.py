"""Pages for people. Owns no table; emits and hears nothing.

`pages` serves the dashboard that is built from `ui/`; `setup` is the page of the one-time link that creates an
account and its owner.
"""
