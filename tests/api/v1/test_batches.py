"""Batches over our own API."""

from typing import Any

import msgspec
import pytest

from merpati.core.ids import BatchId
from merpati.messages.batch_list import CANCEL_BATCH, CancelBatch, cancel_batch
from merpati.messages.batches import make_next_part
from merpati.storage.port import Tx
from tests.api.harness import Api
from tests.api.v1.browser import Browser, program_of
from tests.api.v1.messages import take

COUNT = 450


@pytest.fixture
async def program(both: Api) -> Browser:
    return program_of(both)


async def send_many(program: Browser, count: int = COUNT, **more: object) -> Any:  # noqa: ANN401 — JSON
    """A call that is a batch."""
    targets = [{"to": f"62812{n:08}", "name": f"Budi {n}"} for n in range(count)]
    call = {"device": 11, "targets": targets, "text": "halo {name}", **more}
    answered = await program.ask("POST", "/messages", call)
    assert answered.status == 202, answered.body
    return answered.body


async def test_a_batch_tells_how_far_it_is(both: Api, program: Browser) -> None:
    """From its acceptance on, before any message is made; each message is counted once."""
    batch = (await send_many(program))["batch"]
    told = (await program.ask("GET", f"/batches/{batch}")).body
    assert (told["batch"]["made"], told["counts"]["queued"], told["ended"]) == (0, COUNT, False)
    await both.storage.write(make_next_part, BatchId(batch))
    busy = len(await take(both, most=3))
    assert busy
    told = (await program.ask("GET", f"/batches/{batch}")).body
    assert (told["batch"]["made"], told["counts"]["queued"], told["counts"]["sending"]) == (200, COUNT - busy, busy)


async def test_a_batch_is_cancelled_with_what_is_not_made_yet(both: Api, program: Browser) -> None:
    """It says how many; what is being handed over goes on; asked again it is nothing more."""
    batch = (await send_many(program))["batch"]
    await both.storage.write(make_next_part, BatchId(batch))
    busy = len(await take(both, most=3))
    assert busy
    told = (await program.ask("POST", f"/batches/{batch}/cancel")).body
    assert told["cancelled"] == COUNT - busy
    assert (told["progress"]["counts"]["cancelled"], told["progress"]["counts"]["sending"]) == (COUNT - busy, busy)
    assert await both.count("outbox") == busy
    assert await both.count("batch_part") == 0
    assert (await program.ask("POST", f"/batches/{batch}/cancel")).body["cancelled"] == 0
    assert await both.storage.write(make_next_part, BatchId(batch)) is None


async def cancelling(tx: Tx) -> CancelBatch:
    """What the one job that cancels is to do."""
    ((args,),) = await tx.all("SELECT args FROM job WHERE kind = $1", CANCEL_BATCH)
    return msgspec.json.decode(args, type=CancelBatch)


async def test_a_large_batch_is_cancelled_by_a_job(both: Api, program: Browser) -> None:
    """Nobody waits for 100,000 messages, and nobody who hangs up leaves half of them."""
    batch = (await send_many(program, count=10 * 200 + COUNT))["batch"]
    told = (await program.ask("POST", f"/batches/{batch}/cancel")).body
    assert (told["cancelled"], told["progress"]["ended"]) == (10 * 200, False)
    await cancel_batch(both.storage, (await both.storage.read(cancelling)).batch)
    told = (await program.ask("GET", f"/batches/{batch}")).body
    assert (told["counts"]["cancelled"], told["ended"]) == (10 * 200 + COUNT, True)


async def test_batches_are_listed_with_their_messages(both: Api, program: Browser) -> None:
    """Newest first; the messages of one are those of no other."""
    one, other = (await send_many(program)), (await send_many(program, text="lain"))
    await program.ask("POST", "/messages", {"device": 11, "targets": "081234567890", "text": "apart"})
    page = (await program.ask("GET", "/batches?limit=1")).body
    assert [each["id"] for each in page["items"]] == [other["batch"]]
    page = (await program.ask("GET", f"/batches?limit=1&cursor={page['next']}")).body
    assert ([each["id"] for each in page["items"]], page["next"]) == ([one["batch"]], None)
    await both.storage.write(make_next_part, BatchId(one["batch"]))
    await both.storage.write(make_next_part, BatchId(other["batch"]))
    seen: list[int] = []
    cursor = ""
    while True:
        page = (await program.ask("GET", f"/messages?batch={one['batch']}&limit=90{cursor}")).body
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == sorted((each["id"] for each in one["items"][:200]), reverse=True)
    found = (await program.ask("GET", f"/messages?batch={one['batch']}&state=queued&q=halo")).body
    assert len(found["items"]) == 50


async def test_anothers_batch_is_not_there(both: Api, program: Browser) -> None:
    """Neither to be read nor cancelled."""
    batch = (await send_many(program))["batch"]
    eve = program_of(both, "stranger")
    for method, path in (("GET", ""), ("POST", "/cancel")):
        assert (await eve.ask(method, f"/batches/{batch}{path}")).code == "batch_unknown"
    assert (await eve.ask("GET", f"/messages?batch={batch}")).code == "batch_unknown"
    assert (await eve.ask("GET", "/batches")).body["items"] == []
