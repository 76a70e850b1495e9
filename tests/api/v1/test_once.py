"""`Idempotency-Key` on every POST, and `ETag` on every read."""

import asyncio
from typing import Any

import pytest

from merpati.api.v1.once import Once, Replay
from merpati.api.v1.routes import document
from merpati.core.errors import Code, Refusal
from merpati.storage.port import Tx
from tests.api.harness import ACCOUNT, ONE, Api
from tests.api.v1.browser import PASSWORD, Browser, program_of

KEY = {"Idempotency-Key": "kasir-7-2291"}
DEVICE = {"name": "Toko Utama", "number": "0812-0000-4471"}
ROTATOR = {"name": "Kasir", "kind": "full", "members": [{"to": "081234567890"}]}


def test_every_closed_post_takes_a_key() -> None:
    """It is described, with what it may refuse."""
    for path, methods in document()["paths"].items():
        operation = methods.get("post")
        if operation is None or not operation["security"]:
            continue
        names = [each["name"] for each in operation.get("parameters", ())]
        assert "Idempotency-Key" in names, path
        assert "key_in_progress" in operation["responses"]["409"]["description"], path


async def test_a_key_is_done_once_and_answered_alike(both: Api) -> None:
    """Status, body and the secret in it; it says that it is an answer of before."""
    program = program_of(both)
    first = await program.ask("POST", "/devices", DEVICE, headers=KEY)
    again = await program.ask("POST", "/devices", DEVICE, headers=KEY)
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert (first.headers.get("Idempotency-Replayed"), again.headers.get("Idempotency-Replayed")) == (None, "true")
    assert await both.rows("SELECT count(*) FROM device WHERE name = 'Toko Utama'") == [(1,)]


async def test_the_order_of_the_fields_does_not_matter_another_value_does(both: Api) -> None:
    """Another body, another path or another asker with the same key is refused."""
    program = program_of(both)
    first = await program.ask("POST", "/devices", DEVICE, headers=KEY)
    assert (await program.ask("POST", "/devices", dict(reversed(DEVICE.items())), headers=KEY)).body == first.body
    other = await program.ask("POST", "/devices", {**DEVICE, "name": "Lain"}, headers=KEY)
    assert (other.status, other.code) == (409, "key_reused")
    assert (await program.ask("POST", "/rotators", ROTATOR, headers=KEY)).code == "key_reused"


async def test_what_a_person_was_answered_no_program_is(ayu: Browser, both: Api) -> None:
    """A secret shown to its owner once is not shown to whoever knows the key."""
    enrolled = await ayu.ask("POST", "/me/totp", {"password": PASSWORD}, headers=KEY)
    assert (await ayu.ask("POST", "/me/totp", {"password": PASSWORD}, headers=KEY)).body == enrolled.body
    asked = await program_of(both).ask("POST", "/me/totp", {"password": PASSWORD}, headers=KEY)
    assert asked.code == "person_required"
    other, path = {"Idempotency-Key": "another"}, f"/devices/{ONE}/rotate-token"
    assert (await ayu.ask("POST", path, {}, headers=other)).status == 200
    assert (await program_of(both).ask("POST", path, {}, headers=other)).code == "key_reused"


async def test_keys_are_the_accounts(both: Api) -> None:
    """Another account's same key is another key."""
    mine = await program_of(both).ask("POST", "/rotators", ROTATOR, headers=KEY)
    theirs = await program_of(both, "stranger").ask("POST", "/rotators", ROTATOR, headers=KEY)
    assert mine.body["id"] != theirs.body["id"]


async def test_no_secret_is_stored_in_clear(both: Api) -> None:
    """What is kept does not have the token in it."""
    made = await program_of(both).ask("POST", "/devices", DEVICE, headers=KEY)
    kept = await both.rows("SELECT answer FROM idempotency")
    assert len(kept) == 1
    assert made.body["token"] not in kept[0][0]
    assert "device" not in kept[0][0]


async def test_a_call_that_was_refused_leaves_its_key_free(both: Api) -> None:
    """It changed nothing: what it lacked may be mended."""
    program = program_of(both)
    assert (await program.ask("POST", "/devices", {**DEVICE, "name": "x"}, headers=KEY)).status == 422
    assert await both.count("idempotency") == 0
    assert (await program.ask("POST", "/devices", DEVICE, headers=KEY)).status == 201


async def test_of_simultaneous_calls_one_does_it(both: Api) -> None:
    """The others hear that it is in progress, and when to ask again, or are given its answer."""
    program = program_of(both)
    asked = [program.ask("POST", "/devices", DEVICE, headers=KEY) for _ in range(8)]
    answered = await asyncio.gather(*asked)
    done = [each for each in answered if each.status == 201]
    waiting = [each for each in answered if each.status != 201]
    assert [(each.code, each.headers["Retry-After"]) for each in waiting] == [("key_in_progress", "1")] * len(
        waiting
    )
    assert len({each.body["token"] for each in done}) == 1
    assert await both.rows("SELECT count(*) FROM device WHERE name = 'Toko Utama'") == [(1,)]


async def test_what_has_no_answer_is_answered_by_nothing_again(both: Api) -> None:
    """204 stays 204; what acts outside our database is remembered when it is done."""
    program = program_of(both)
    call = ("POST", "/devices/11/typing", {"chat": "081234567890", "seconds": 3})
    assert [(await program.ask(*call, headers=KEY)).status for _ in range(3)] == [204] * 3
    assert len(both.sessions.typing) == 1


async def test_a_key_longer_than_that_is_refused(both: Api) -> None:
    """By name."""
    asked = await program_of(both).ask("POST", "/rotators", ROTATOR, headers={"Idempotency-Key": "k" * 256})
    assert asked.body["errors"][0]["field"] == "Idempotency-Key"


async def test_an_upload_is_known_again_by_its_name_and_content(both: Api) -> None:
    """However the form around it looks."""
    import aiohttp

    async def upload(content: bytes) -> Any:  # noqa: ANN401 — JSON
        form = aiohttp.FormData()
        form.add_field("file", content, filename="nota.txt", content_type="text/plain")
        return await program_of(both).ask("POST", "/files", headers=KEY, data=form)

    first, again = await upload(b"halo"), await upload(b"halo")
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert (await upload(b"lain")).code == "key_reused"
    assert await both.count("media") == 1
    assert len(both.files()) == 1


# -- two processes, and crashes --


def once_of(api: Api, key: str = "a") -> Once:
    """A call in some process."""
    return Once(api.gateway, ACCOUNT, key, "account")


async def begun(api: Api, content: bytes = b"same") -> Once:
    """A call that has looked its key up, in a process of its own."""
    once = once_of(api)
    await once.begin(content)
    once.close()  # what is in progress is known to one process alone
    return once


async def count_up(tx: Tx) -> dict[str, int]:
    await tx.run("UPDATE account_clock SET seq = seq + 1 WHERE account_id = $1", ACCOUNT)
    row = await tx.one("SELECT seq FROM account_clock WHERE account_id = $1", ACCOUNT)
    return {"seq": row[0] if row else 0}


async def test_of_two_processes_one_does_it(both: Api) -> None:
    """Both looked before either was done; the transaction decides, the other gives the first one's answer."""
    one, other = await begun(both), await begun(both)
    done = await asyncio.gather(
        one.answer(both.storage, count_up), other.answer(both.storage, count_up), return_exceptions=True
    )
    (answer,) = [each for each in done if isinstance(each, dict)]
    (replay,) = [each for each in done if isinstance(each, Replay)]
    assert replay.body == b'{"seq":%d}' % answer["seq"]


async def test_of_two_processes_with_different_bodies_one_is_refused(both: Api) -> None:
    """Though neither saw the other's."""
    one, other = await begun(both), await begun(both, b"other")
    await one.answer(both.storage, count_up)
    with pytest.raises(Refusal) as refused:
        await other.answer(both.storage, count_up)
    assert refused.value.code is Code.KEY_REUSED


async def test_an_effect_whose_answer_was_lost_is_not_had_again(both: Api) -> None:
    """The process died between the two; who asks again reads the answer anew."""
    dead = await begun(both)
    await dead.write(both.storage, count_up)
    before = await both.rows("SELECT seq FROM account_clock ORDER BY account_id")
    again = await begun(both)
    await again.write(both.storage, count_up)
    assert await both.rows("SELECT seq FROM account_clock ORDER BY account_id") == before
    await again.keep(b'{"read": "anew"}')
    with pytest.raises(Replay):
        await begun(both)


# -- ETag --


async def test_what_is_the_same_is_not_sent_again(both: Api) -> None:
    """304 without a body; something else has happened: 200 and another tag."""
    program = program_of(both)
    first = await program.ask("GET", "/devices")
    tag = {"If-None-Match": first.headers["ETag"]}
    same = await program.ask("GET", "/devices", headers=tag)
    assert (same.status, same.body, same.headers["ETag"]) == (304, None, first.headers["ETag"])
    assert (
        await program.ask("GET", "/devices", headers={"If-None-Match": f'"x", W/{tag["If-None-Match"]}'})
    ).status == 304
    await program.ask("POST", "/devices", DEVICE)
    other = await program.ask("GET", "/devices", headers=tag)
    assert (other.status, len(other.body["items"])) == (200, 4)
    assert other.headers["ETag"] != first.headers["ETag"]


async def test_neither_problems_nor_changes_have_a_tag(both: Api) -> None:
    """Nor is one looked for."""
    program = program_of(both)
    for asked in (("GET", "/devices/99"), ("POST", "/devices/11/reveal-token")):
        answered = await program.ask(*asked, headers={"If-None-Match": "*"})
        assert answered.status in (200, 404)
        assert "ETag" not in answered.headers
