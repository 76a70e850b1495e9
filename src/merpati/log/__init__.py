"""The log: facts in one gapless sequence per account, readers with durable cursors, and the request log.

Owns: `account_clock`, `fact`, `reader_cursor`, `reader_shard`, `reader_node`, `consumer`, `request`, `idempotency`.
Emits and hears nothing of its own: it carries what others emit.

`actions.record` appends; `readers` reads after a cursor, advances it under the fence of its shard's lease, and
claims shards; `follow` is the loop of whoever reads; `requests` keeps what was asked and answered,
and the idempotency keys.
"""
