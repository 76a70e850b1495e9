"""Webhooks that tests set, and what happens in the database beside the API."""

from merpati.core.facts import DeviceStateChanged, MessageSent
from merpati.core.ids import Address, MessageId, WaId
from merpati.log.actions import record
from merpati.log.model import Recorded
from merpati.storage.port import Tx, Value
from tests.api.harness import ACCOUNT, ONE, Api
from tests.api.v1.browser import Browser

HOOK = "https://toko.id/hook"
SENT = MessageSent(ONE, MessageId(5), Address("6281"), WaId("W"), 1_700_000_000_000)


async def set_hooks(browser: Browser, device: int = ONE, **urls: str) -> dict[str, int]:
    """Ids by kind."""
    answered = await browser.ask("PUT", f"/devices/{device}/webhooks", urls)
    assert answered.status == 200, answered.body
    return {each["kinds"][0]: each["id"] for each in answered.body["items"]}


async def execute(api: Api, sql: str, *args: Value) -> None:
    async def run(tx: Tx) -> None:
        await tx.run(sql, *args)

    await api.storage.write(run)


async def tell(api: Api, *facts: MessageSent | DeviceStateChanged) -> int:
    """Record facts; the number of the last."""

    async def happen(tx: Tx) -> None:
        await tx.lock([ACCOUNT])
        await record(tx, [Recorded(ACCOUNT, fact) for fact in facts])

    await api.storage.write(happen)
    return int((await api.rows(f"SELECT seq FROM account_clock WHERE account_id = {ACCOUNT}"))[0][0])
