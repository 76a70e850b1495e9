"""The SQL of receipts that came before the acknowledgement of their message."""

from collections.abc import Sequence

from merpati.core.clock import HOUR_MS
from merpati.core.ids import DeviceId, WaId
from merpati.messages.model import MessageState
from merpati.storage.port import Tx

KEPT_MS = HOUR_MS
"""A receipt whose message nobody knew by then is of none of ours: it was written elsewhere."""
Early = tuple[DeviceId, WaId, MessageState, int]


async def keep(tx: Tx, rows: Sequence[Early]) -> None:
    """(device, id, state, at): the highest of each. What is old is dropped."""
    if not rows:
        return
    await tx.set(
        "INSERT INTO early_receipt (device_id, wa_id, state, at) SELECT device_id, wa_id, state, at FROM {r} "
        "WHERE true ON CONFLICT (device_id, wa_id) DO UPDATE SET state = excluded.state, at = excluded.at "
        "WHERE early_receipt.state < excluded.state",
        "device_id bigint, wa_id text, state bigint, at bigint",
        [(device, wa_id, int(state), at) for device, wa_id, state, at in rows],
    )
    newest = {device: at for device, _, _, at in sorted(rows, key=lambda row: row[3])}
    await tx.set(
        "DELETE FROM early_receipt WHERE EXISTS (SELECT 1 FROM {r} WHERE early_receipt.device_id = r.device_id "
        "AND early_receipt.at < r.before)",
        "device_id bigint, before bigint",
        [(device, at - KEPT_MS) for device, at in newest.items()],
    )


async def take(tx: Tx, ids: Sequence[tuple[DeviceId, WaId]]) -> list[Early]:
    """Those of these that came early; they are kept no longer."""
    rows = await tx.set(
        "DELETE FROM early_receipt WHERE EXISTS (SELECT 1 FROM {r} WHERE early_receipt.device_id = r.device_id "
        "AND early_receipt.wa_id = r.wa_id) RETURNING device_id, wa_id, state, at",
        "device_id bigint, wa_id text",
        ids,
    )
    return [(DeviceId(device), WaId(wa_id), MessageState(state), at) for device, wa_id, state, at in rows]
