"""Accounts: who owns devices and data, who signs in to them, and the tokens of their programs.

Owns: `account`, `owner`, `invitation`.
Emits nothing. Hears nothing.

`passwords` hashes and checks passwords. `lookup` finds what a token opens, for every kind of token.
"""
