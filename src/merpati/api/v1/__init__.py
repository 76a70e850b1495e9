"""Our own API, version 1, under `/api/v1`: JSON, sessions of people and account tokens of programs.

`routes` builds the application; a file for each kind of thing holds its endpoints. `principal` says who asks (and
is the guard of every endpoint), `access` what they may reach, `problems` how a refusal is answered, `paging` how
lists are cut, `shapes` what all bodies have in common.
"""
