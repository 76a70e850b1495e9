"""The database behind one port: actions in the yielding form, SQLite and PostgreSQL, the hot lane, ids, nodes.

Owns: `schema_version` (migrate), `id_range` (ids), `node` (nodes). Emits and hears nothing.

`port.py` is all that features import; `sqlite.py` and `postgres.py` are named by `app` alone. `lane.py`
coalesces the hot actions. `nodes.py` holds the lease of each process attached to the database.
"""
