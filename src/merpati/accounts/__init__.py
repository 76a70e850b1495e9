"""Accounts: who owns devices and data, who signs in to them, and the tokens of their programs.

Owns: `account`, `owner`, `invitation`, `recovery_code`, `session`, `sign_in_try`.
Emits: SignedOut, AccountTokenRotated. Hears nothing.

`sign_in` lets a person in; `sessions` keeps their sessions in browsers, `tries` counts what failed, `passwords`
hashes. `lookup` finds what a token opens, for every kind of token.
"""
