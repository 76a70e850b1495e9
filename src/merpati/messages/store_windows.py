"""The SQL of windows: when somebody last wrote."""

from collections.abc import Sequence

from merpati.core.ids import AccountId, Address, DeviceId
from merpati.storage.port import Tx


async def last_heard(tx: Tx, chats: Sequence[tuple[DeviceId, Address]]) -> dict[tuple[DeviceId, Address], int]:
    """When each chat's other side last wrote; those that never did are left out."""
    rows = await tx.set(
        "SELECT r.device_id, r.chat, (SELECT max(m.queued_at) FROM message m WHERE m.device_id = r.device_id "
        "AND m.chat = r.chat AND m.direction = 1) FROM {r}",
        "device_id bigint, chat text",
        list(dict.fromkeys(chats)),
    )
    return {(DeviceId(device), Address(chat)): at for device, chat, at in rows if at is not None}


async def heard_lately(tx: Tx, account: AccountId, device: DeviceId, since: int) -> int:
    """When anybody last wrote to the device, after `since`; 0: nobody did."""
    row = await tx.one(
        "SELECT queued_at FROM message WHERE account_id = $1 AND queued_at > $3 AND device_id = $2 "
        "AND direction = 1 ORDER BY queued_at DESC LIMIT 1",
        account,
        device,
        since,
    )
    return row[0] if row else 0


_DIGITS = ", ".join(f"'{digit}'" for digit in range(10))


async def heard_hidden(tx: Tx, device: DeviceId, since: int) -> bool:
    """Whether somebody whose address is no phone number, nor begins as a group's does, wrote after `since`."""
    row = await tx.one(
        "SELECT 1 FROM message WHERE device_id = $1 AND queued_at > $2 AND direction = 1 "
        f"AND substr(chat, 1, 1) NOT IN ({_DIGITS}) LIMIT 1",
        device,
        since,
    )
    return row is not None
