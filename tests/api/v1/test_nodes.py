"""Two processes on one database, and what is told to nobody."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from merpati.accounts.tries import MOST_OF_ONE
from merpati.core.clock import Clock, Millis, SystemClock
from merpati.storage.port import Storage
from tests.api.conftest import api_on_sqlite
from tests.api.harness import Api, running_api, serving_api
from tests.api.v1.browser import EMAIL, PASSWORD, browser_of, have_owner, signed_in

OpenPostgres = Callable[[Clock], Awaitable[Storage]]


@asynccontextmanager
async def two_nodes(open_postgres: OpenPostgres, folder: Path) -> AsyncIterator[tuple[Api, Api]]:
    """The API of two processes that share a database."""
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(running_api(await open_postgres(SystemClock()), folder))
        storage = await open_postgres(SystemClock())
        gateway = msgspec.structs.replace(one.gateway, storage=storage)
        yield one, await stack.enter_async_context(serving_api(gateway, one.sessions))


@pytest.mark.postgres
async def test_failures_count_over_all_nodes(open_postgres: OpenPostgres, tmp_path: Path) -> None:
    """Ten in sum, wherever they are tried."""
    async with two_nodes(open_postgres, tmp_path) as nodes:
        await have_owner(nodes[0].storage)
        for n in range(MOST_OF_ONE):
            assert (await browser_of(nodes[n % 2]).sign_in(password="wrong password")).code == "sign_in_failed"
        assert [(await browser_of(node).sign_in()).code for node in nodes] == ["too_many_tries"] * 2


@pytest.mark.postgres
async def test_a_session_ended_on_one_node_is_ended_on_the_other(
    open_postgres: OpenPostgres, tmp_path: Path
) -> None:
    """At once: nothing of it is remembered."""
    async with two_nodes(open_postgres, tmp_path) as (one, other):
        ayu = await signed_in(one)
        elsewhere = browser_of(other)
        elsewhere.cookie = ayu.cookie
        assert (await elsewhere.ask("GET", "/session")).status == 200
        await ayu.ask("DELETE", "/session")
        assert (await elsewhere.ask("GET", "/session")).code == "not_signed_in"


class BrokenClock:
    """A fault of ours."""

    def now(self) -> Millis:
        raise RuntimeError("the clock is broken")

    def elapsed(self) -> float:
        return 0.0


async def test_a_fault_of_ours_tells_its_number_and_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """To the caller; the log has the number too, and the reason, and no password."""
    async with api_on_sqlite(tmp_path, clock=BrokenClock()) as api:
        await have_owner(api.storage)
        with caplog.at_level(logging.DEBUG, "merpati"):
            answered = await browser_of(api).sign_in()
        assert (answered.status, answered.code) == (500, "internal")
        number = answered.headers["X-Request-Id"]
        assert number in answered.body["detail"]
        assert "clock" not in str(answered.body)
    logged = caplog.text
    assert number in logged
    assert "the clock is broken" in logged
    assert PASSWORD not in logged + str(answered.body)


async def test_no_refusal_repeats_what_was_sent(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Passwords, tokens and cookies stand in no problem and no log."""
    await have_owner(api.storage)
    secrets = ["hunter2-secret", "c00kie-secret", "t0ken-secret", "l1nk-secret"]
    asks = [
        ("POST", "/session", {"login": EMAIL, "password": secrets[0]}, {}),
        ("GET", "/session", None, {"Cookie": f"merpati_session={secrets[1]}"}),
        ("GET", "/session", None, {"Authorization": f"Bearer {secrets[2]}"}),
        ("POST", f"/setup/{secrets[3]}", {"email": EMAIL, "password": secrets[0]}, {}),
    ]
    with caplog.at_level(logging.DEBUG, "merpati"):
        answers = [await browser_of(api).ask(*ask[:3], headers=ask[3]) for ask in asks]
    said = "".join(str(answer.body) for answer in answers) + caplog.text
    assert [secret for secret in secrets if secret in said] == []
