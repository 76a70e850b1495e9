"""Facts reach their endpoints: in order, at least once, with the same id."""

from merpati.core.clock import HOUR_MS
from merpati.core.ids import AccountId
from merpati.webhooks.actions import rotate_secret
from merpati.webhooks.model import EndpointKind, EndpointState
from merpati.webhooks.signing import format_secret, parse_secret, sign
from merpati.webhooks.views import list_calls
from tests.webhooks.receiver import Got, Receiver
from tests.webhooks.stage import SECRET, Stage


async def test_facts_arrive_in_order_signed_and_with_their_ids(stage: Stage, receiver: Receiver) -> None:
    """One endpoint, one device: every fact once, in the order of the log."""
    await stage.set(3, receiver.url())
    await stage.start()
    await stage.tell(3, 30)
    await stage.tell(4, 5)
    await stage.tell(3, 20)
    await receiver.until(lambda: len(receiver.got) >= 50)
    assert receiver.events() == [*range(1, 31), *range(36, 56)]
    got = receiver.got[0]
    assert got.event == "1-1"
    assert got.body == {"device": "0812000003", "id": 0, "status": "expired"}
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-signature"] == _signed(got, SECRET)


async def test_after_a_rotation_both_secrets_sign_until_the_overlap_ends(stage: Stage, receiver: Receiver) -> None:
    """The new one first; then it signs alone."""
    endpoint, new = await stage.set(3, receiver.url()), format_secret(b"n" * 32)
    until = await stage.storage.write(rotate_secret, endpoint, new, HOUR_MS)
    await stage.start()
    stage.clock.time = until - 1
    await stage.tell(3)
    await receiver.until(lambda: receiver.events() == [1])
    stage.clock.time = until
    await stage.tell(3)
    await receiver.until(lambda: receiver.events() == [1, 2])
    both, alone = receiver.got
    assert both.headers["webhook-signature"].split(" ") == [_signed(both, new), _signed(both, SECRET)]
    assert alone.headers["webhook-signature"] == _signed(alone, new)


def _signed(got: Got, secret: str) -> str:
    return sign(parse_secret(secret), got.event, int(got.headers["webhook-timestamp"]), got.raw)


async def test_an_endpoint_begins_at_the_head(stage: Stage, receiver: Receiver) -> None:
    """What happened before it was set is not told, also when it is set while everything runs."""
    await stage.tell(3, 5)
    await stage.start()
    await stage.set(3, receiver.url())
    await stage.tell(3, 2)
    await receiver.until(lambda: len(receiver.got) >= 2)
    assert receiver.events() == [6, 7]


async def test_a_failed_try_is_repeated_with_the_same_id_and_bytes(stage: Stage, receiver: Receiver) -> None:
    """Fonnte's ladder: a minute later; each call is there for the owner to see."""
    receiver.answer = lambda _got: "500 Oops" if len(receiver.got) < 2 else "200 OK"
    endpoint = await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3)
    await stage.failed(runner, 1)
    assert runner.count_failing() == 1
    stage.wait_for_retry(59_000)
    stage.wait_for_retry(2_000)
    await stage.failed(runner, 2)
    stage.wait_for_retry()
    await receiver.until(lambda: len(receiver.got) == 3)
    assert {got.event for got in receiver.got} == {"1-1"}
    assert len({got.raw for got in receiver.got}) == 1
    await stage.stop(runner)
    calls = await stage.storage.read(list_calls, endpoint)
    assert [(call.attempt, call.status) for call in calls] == [(3, 200), (2, 500), (1, 500)]


async def test_while_an_endpoint_is_down_only_its_oldest_fact_is_tried(stage: Stage, receiver: Receiver) -> None:
    """Then everything arrives, once per id, in order; Fonnte would have lost what was not tried."""
    receiver.answer = lambda _got: "503 Down"
    await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3, 5)
    for tries in range(1, 21):
        await stage.failed(runner, tries)
        await stage.tell(3, 20)
        stage.wait_for_retry(25 * 3_600_000 if tries > 15 else 61_000)
    assert set(receiver.events()) == {1}
    receiver.answer = lambda _got: "200 OK"
    stage.wait_for_retry(30 * 3_600_000)
    await receiver.until(lambda: len(receiver.passed()) == 405)
    assert receiver.passed() == list(range(1, 406))
    assert receiver.events() == [1] * (len(receiver.got) - 405) + list(range(1, 406))


async def test_a_backlog_longer_than_memory_arrives_in_order(stage: Stage, receiver: Receiver) -> None:
    """A lane that falls behind reads the log for itself, and catches up while new facts come."""
    await stage.set(3, receiver.url())
    await stage.start()
    for _ in range(6):
        await stage.tell(3, 300)
        await stage.tell(4, 10)
    await receiver.until(lambda: len(receiver.got) >= 1_800)
    expected = [seq for seq in range(1, 1_861) if (seq - 1) % 310 < 300]
    assert receiver.events() == expected


async def test_a_killed_runner_repeats_by_the_same_ids_and_misses_nothing(stage: Stage, receiver: Receiver) -> None:
    """The cursor may lag: what was delivered since comes again; a receiver that drops known ids sees all once."""
    await stage.set(3, receiver.url())
    for life in range(4):
        runner = await stage.start(f"life {life}")
        await stage.tell(3, 150)
        await receiver.until(lambda at_least=life * 150 + 60: len(receiver.passed()) >= at_least)  # type: ignore[misc]
        await stage.kill(runner, f"life {life}")
    await stage.start("last")
    await receiver.until(lambda: len(receiver.passed()) == 600)
    assert receiver.passed() == list(range(1, 601))


async def test_a_runner_that_is_stopped_repeats_nothing(stage: Stage, receiver: Receiver) -> None:
    """In order: calls under way end, progress is stored."""
    await stage.set(3, receiver.url())
    for life in range(3):
        runner = await stage.start(f"life {life}")
        await stage.tell(3, 100)
        await receiver.until(lambda at_least=life * 100 + 30: len(receiver.got) >= at_least)  # type: ignore[misc]
        await stage.stop(runner)
    await stage.start("last")
    await receiver.until(lambda: len(receiver.got) >= 300)
    assert receiver.events() == list(range(1, 301))


async def test_a_failing_endpoint_is_remembered_over_a_restart(stage: Stage, receiver: Receiver) -> None:
    """The tries go on where they were, and the facts behind the troubled lane are not lost."""
    receiver.answer = lambda _got: "500 Oops"
    await stage.set(3, receiver.url())
    runner = await stage.start("one")
    await stage.tell(3, 10)
    await stage.failed(runner, 1)
    stage.wait_for_retry()
    await stage.failed(runner, 2)
    await stage.stop(runner)
    again = await stage.start("two")
    await stage.failed(again, 2)
    receiver.answer = lambda _got: "200 OK"
    assert receiver.events() == [1, 1]
    stage.wait_for_retry()
    await receiver.until(lambda: len(receiver.passed()) == 10)
    assert receiver.events() == [1, 1, *range(1, 11)]


async def test_a_hanging_endpoint_delays_nobody_else(stage: Stage, receiver: Receiver) -> None:
    """Neither another device of the account nor another kind, though all wait in one log."""
    receiver.answer = lambda got: None if got.path == "/hangs" else "200 OK"
    await stage.set(3, receiver.url("/hangs"))
    await stage.set(4, receiver.url("/fast"))
    await stage.start()
    for _ in range(5):
        await stage.tell(3, 100)
        await stage.tell(4, 100)
    await receiver.until(lambda: len(receiver.events("/fast")) == 500)
    assert receiver.events("/hangs") == [1]


async def test_an_endpoint_that_answers_410_is_disabled_and_may_be_set_again(
    stage: Stage, receiver: Receiver
) -> None:
    """What waited is a dead letter; when it is set again it begins at the head."""
    receiver.answer = lambda got: "410 Gone" if got.seq == 3 else "200 OK"
    await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3, 8)
    await stage.stored(lambda: _is_disabled(stage))
    assert await stage.dead() == [(3, 8, "gone")]
    await stage.tell(3, 5)
    await stage.set(3, receiver.url("/again"))
    await stage.tell(3, 2)
    await receiver.until(lambda: len(receiver.events("/again")) == 2)
    assert receiver.events() == [1, 2, 3]
    assert receiver.events("/again") == [14, 15]
    assert runner.count_failing() == 0


async def _is_disabled(stage: Stage) -> bool:
    (endpoint,) = await stage.endpoints()
    return (endpoint.state, endpoint.state_reason) == (EndpointState.DISABLED, "gone")


async def test_a_mended_address_gets_what_waited(stage: Stage, receiver: Receiver) -> None:
    """Setting another URL, or the same again, tries at once."""
    receiver.answer = lambda got: "200 OK" if got.path == "/right" else "404 Not here"
    await stage.set(3, receiver.url("/wrong"))
    runner = await stage.start()
    await stage.tell(3, 5)
    await stage.failed(runner, 1)
    await stage.set(3, receiver.url("/right"))
    await receiver.until(lambda: len(receiver.events("/right")) == 5)
    assert receiver.events("/right") == [1, 2, 3, 4, 5]


async def test_an_unset_endpoint_is_told_nothing_more(stage: Stage, receiver: Receiver) -> None:
    """Fonnte: an empty `webhookstatus`; the runner notices without a restart."""
    await stage.set(3, receiver.url())
    await stage.set(3, receiver.url("/connect"), EndpointKind.CONNECT)
    await stage.set(4, receiver.url("/other"))
    runner = await stage.start()
    await stage.tell(3, 2)
    await receiver.until(lambda: len(receiver.got) == 2)
    await stage.set(3, "")
    await stage.until(lambda: len(list(runner.feeds.hooks())) == 2)
    await stage.tell(3, 3)
    await stage.tell(4)
    await receiver.until(lambda: len(receiver.events("/other")) == 1)
    assert receiver.events() == [1, 2]
    assert [endpoint.kinds for endpoint in await stage.endpoints()] == [
        (EndpointKind.CONNECT,),
        (EndpointKind.STATUS,),
    ]


async def test_retry_after_is_obeyed(stage: Stage, receiver: Receiver) -> None:
    """A receiver that asks to be left alone for two hours is."""
    receiver.answer = lambda _got: "429 Slow down\r\nRetry-After: 7200" if not receiver.got else "200 OK"
    await stage.set(3, receiver.url())
    runner = await stage.start()
    await stage.tell(3, 2)
    await stage.failed(runner, 1)
    hook = next(runner.feeds.hooks())
    assert hook.next_due() == stage.clock.now() + 7_200_000
    stage.wait_for_retry(7_200_000)
    await receiver.until(lambda: len(receiver.passed()) == 2)


async def test_accounts_do_not_mix(stage: Stage, receiver: Receiver) -> None:
    """Devices of other accounts, whatever their numbers, are not told."""
    other = AccountId(2)
    await stage.open_account(other)
    await stage.set(3, receiver.url("/one"))
    await stage.set(4, receiver.url("/two"), account=other)
    await stage.start()
    for account, device in ((AccountId(1), 4), (other, 3), (AccountId(1), 3), (other, 4)):
        await stage.tell(device, 2, account)
    await receiver.until(lambda: len(receiver.got) == 4)
    assert (receiver.events("/one"), receiver.events("/two")) == ([3, 4], [3, 4])
