"""Accounts: who owns devices and data, who signs in to them, and the tokens of their programs.

Owns: `account`, `owner`, `invitation`, `recovery_code`, `session`, `sign_in_try`, `api_key`, `api_key_old`.
Emits: SignedOut, AccountTokenRotated, KeyChanged. Hears nothing.

`sign_in` lets a person in; `sessions` keeps their sessions in browsers, `tries` counts what failed (apart in
`known_browsers`), `passwords` hashes. `keys` are for programs, with what each may do in `key_model`. `lookup` finds
what a token opens, for every kind of token.
"""
