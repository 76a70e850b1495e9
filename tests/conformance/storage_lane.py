"""What the hot lane must do on every storage engine. A part of the storage suite."""

import asyncio
from collections.abc import Sequence
from typing import Any, ParamSpec, TypeVar

import pytest

from merpati.core.errors import Code, Refusal
from merpati.storage.lane import MOST_IN_GROUP, HotAction, HotLane
from merpati.storage.migrate import migrate
from merpati.storage.port import (
    Action,
    OutcomeUnknown,
    Storage,
    StorageFull,
    StorageGone,
    Tx,
    UnstorableText,
    Violation,
)
from tests.conformance.storage import Opener
from tests.conformance.storage_actions import ACCOUNT, open_account, steps_with_things, things

T = TypeVar("T")
P = ParamSpec("P")
Thing = tuple[int, str]


async def put_things(tx: Tx, new: list[Thing]) -> list[str]:
    """Idempotent by id. Answers each body, reversed."""
    await tx.lock([ACCOUNT])
    if any(body == "refused" for _, body in new):
        raise Refusal(Code.TARGET_INVALID, target="x")
    await tx.set(
        "INSERT INTO thing (id, body) SELECT id, body FROM {r} WHERE true ON CONFLICT (id) DO NOTHING",
        "id bigint, body text",
        new,
    )
    return [body[::-1] for _, body in new]


async def count_up(tx: Tx, steps: list[int]) -> list[int]:
    """Each item its own place in the account's sequence."""
    await tx.lock([ACCOUNT])
    sql = "UPDATE account_clock SET seq = seq + $2 WHERE account_id = $1 RETURNING seq"
    row = await tx.one(sql, ACCOUNT, len(steps))
    assert row is not None
    return list(range(row[0] - len(steps) + 1, row[0] + 1))


async def answer_too_few(tx: Tx, new: list[Thing]) -> list[str]:
    return (await put_things(tx, new))[1:]


PUT = HotAction(put_things, lambda _thing: ACCOUNT)
COUNT = HotAction(count_up, lambda _step: ACCOUNT)
TOO_FEW = HotAction(answer_too_few, lambda _thing: None)


TROUBLES: dict[str, Exception] = {
    "full": StorageFull("full"),
    "gone": StorageGone("gone"),
    "cut": OutcomeUnknown("cut"),
    "store, then cut": OutcomeUnknown("cut"),
}


class TroubledStorage:
    """A storage whose next writes go as the script says: the names are those of `TROUBLES`."""

    def __init__(self, storage: Storage) -> None:
        self.storage, self.engine = storage, storage.engine
        self.script: list[str] = []
        self.writes = 0

    async def write(self, action: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self.writes += 1
        trouble = self.script.pop(0) if self.script else ""
        if trouble and not trouble.startswith("store"):
            raise TROUBLES[trouble]
        result = await self.storage.write(action, *args, **kwargs)
        if trouble:
            raise TROUBLES[trouble]
        return result

    async def write_bulk(self, action: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.storage.write_bulk(action, *args, **kwargs)

    async def read(self, view: Action[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.storage.read(view, *args, **kwargs)

    async def close(self) -> None:
        await self.storage.close()


async def put_all(lane: HotLane, new: Sequence[Thing]) -> list[Any]:
    return await asyncio.gather(*(lane(PUT, thing) for thing in new), return_exceptions=True)


class LaneConformance:
    """The lane. Give it a fixture `opener`."""

    @pytest.fixture
    async def storage(self, opener: Opener) -> TroubledStorage:
        storage = await opener()
        await migrate(storage, steps_with_things(storage.engine))
        await storage.write(open_account)
        return TroubledStorage(storage)

    async def test_calls_that_wait_at_the_same_moment_share_a_transaction(self, storage: TroubledStorage) -> None:
        """Fifty calls of two kinds are one group; each gets its own answer."""
        sizes: list[int] = []
        lane = HotLane(storage, observe=sizes.append)
        calls = [call for n in range(25) for call in (lane(PUT, (n, f"{n:02}")), lane(COUNT, n))]
        answers = await asyncio.gather(*calls)
        assert answers[::2] == [f"{n:02}"[::-1] for n in range(25)]
        assert answers[1::2] == list(range(1, 26))
        assert sizes == [50]
        await lane.close()

    async def test_a_group_has_a_largest_size(self, storage: TroubledStorage) -> None:
        """More than that many make another group."""
        sizes: list[int] = []
        lane = HotLane(storage, observe=sizes.append)
        await put_all(lane, [(n, "") for n in range(MOST_IN_GROUP + 1)])
        assert sizes == [MOST_IN_GROUP, 1]

    @pytest.mark.parametrize(
        ("body", "error"),
        [("poison", Violation), ("a\0b", UnstorableText), ("\udc00", UnstorableText), ("refused", Refusal)],
        ids=["violates", "nul", "surrogate", "refused"],
    )
    async def test_one_bad_item_reaches_only_its_own_caller(
        self, storage: TroubledStorage, body: str, error: type[Exception]
    ) -> None:
        """Halved down to the culprit; the nineteen others are stored and answered."""
        lane = HotLane(storage)
        answers = await put_all(lane, [(n, body if n == 7 else "ab") for n in range(20)])
        assert isinstance(answers[7], error)
        assert [answer for n, answer in enumerate(answers) if n != 7] == ["ba"] * 19
        assert await storage.read(things) == [n for n in range(20) if n != 7]

    async def test_an_action_that_answers_too_few_stores_nothing(self, storage: TroubledStorage) -> None:
        """A fault of ours is an error for every caller, not a wait for ever."""
        lane = HotLane(storage)
        answers = await asyncio.gather(*(lane(TOO_FEW, (n, "")) for n in range(4)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [ValueError] * 4
        assert await storage.read(things) == []

    async def test_a_caller_that_stops_waiting_takes_nothing_back(self, storage: TroubledStorage) -> None:
        """Half of the callers are cancelled: all is stored, the rest is answered."""
        lane = HotLane(storage)
        calls = [asyncio.create_task(lane(PUT, (n, "ab"))) for n in range(20)]
        await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert answers[1::2] == ["ba"] * 10
        await lane.close()
        assert await storage.read(things) == list(range(20))

    async def test_a_sequence_has_no_gap_beside_failing_items(self, storage: TroubledStorage) -> None:
        """Numbers drawn in groups that were halved are 1, 2, 3 … all the same."""
        lane = HotLane(storage)
        refused = asyncio.create_task(put_all(lane, [(n, "poison") for n in range(3)]))
        numbers = await asyncio.gather(*(lane(COUNT, n) for n in range(30)))
        assert sorted(numbers) == list(range(1, 31))
        assert {type(answer) for answer in await refused} == {Violation}

    # -- trouble of the database --

    @pytest.mark.parametrize("trouble", ["full", "gone"])
    async def test_trouble_of_the_database_is_everybodys(self, storage: TroubledStorage, trouble: str) -> None:
        """The group fails at once, without halving; the next one works."""
        lane = HotLane(storage)
        storage.script = [trouble]
        answers = await put_all(lane, [(n, "") for n in range(20)])
        assert {type(answer) for answer in answers} == {type(TROUBLES[trouble])}
        assert storage.writes == 1
        assert await put_all(lane, [(1, "ab")]) == ["ba"]

    async def test_an_unknown_outcome_is_found_out(self, storage: TroubledStorage) -> None:
        """Stored, then lost in COMMIT, then unreachable for a while: stored once, every caller is answered."""
        lane = HotLane(storage)
        storage.script = ["store, then cut", "gone", "store, then cut"]
        assert await put_all(lane, [(n, "ab") for n in range(20)]) == ["ba"] * 20
        assert await storage.read(things) == list(range(20))

    async def test_an_outcome_that_stays_unknown_is_said_to_be(self, storage: TroubledStorage) -> None:
        """When the database does not come back in time, every caller hears `OutcomeUnknown`."""
        lane = HotLane(storage, unknown_s=0.3)
        storage.script = ["cut"] + ["gone"] * 100
        answers = await put_all(lane, [(n, "") for n in range(20)])
        assert {type(answer) for answer in answers} == {OutcomeUnknown}
        assert storage.writes > 2

    async def test_a_closed_lane_has_finished_and_takes_nothing_new(self, storage: TroubledStorage) -> None:
        """What waited is stored; later calls are `StorageGone`; the storage is open still."""
        lane = HotLane(storage)
        waiting = asyncio.create_task(lane(PUT, (1, "ab")))
        await asyncio.sleep(0)
        await lane.close()
        assert await waiting == "ba"
        with pytest.raises(StorageGone):
            await lane(PUT, (2, "ab"))
        assert await storage.read(things) == [1]
