"""Nothing goes out before a person agreed, and what they agreed to goes out once."""

from datetime import UTC, datetime
from typing import Any

import pytest

from merpati.accounts.key_model import Scope
from merpati.messages.handover import Outcome
from tests.api.files import FileServer, picture
from tests.api.harness import ONE, Api
from tests.api.v1.browser import signed_in
from tests.api.v1.messages import receive, send, send_and_end
from tests.client.wire import Wire
from tests.mcp.assistant import Person, assistant, yes

SEND = [Scope.MESSAGES_SEND]
BUDI = "6281234567890"
HALO: dict[str, Any] = {"device": ONE, "to": ["0812-3456-7890"], "text": "Halo Budi"}
MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])


async def test_preparing_sends_nothing(api: Api) -> None:
    """It answers what would be sent, and a code that says to whom."""
    async with assistant(api, SEND) as asking:
        prepared = await asking.call("prepare_message", **HALO)
    assert prepared["confirmation"].startswith(f"send-to-{BUDI}-")
    assert f"Send from device {ONE} to {BUDI}:\nHalo Budi" in prepared["summary"]
    assert await api.count("message") == 0


@MODES
async def test_a_person_is_asked_and_sees_all_that_will_be_sent(api: Api, mode: str) -> None:
    """By their own program, in its way; then it is sent."""
    asked = await receive(api)
    person = yes()
    given = HALO | {"to": [BUDI, "081234567891"], "at": "2030-01-02T03:04:05Z", "reply_to": asked}
    async with FileServer(picture) as file, assistant(api, SEND, person=person, mode=mode) as asking:
        prepared = await asking.call("prepare_message", **given, file_url=file)
        sent = await asking.call("carry_out", confirmation=prepared["confirmation"])
    assert person.asked == [
        f"Send from device {ONE} to {BUDI}, 6281234567891:\n"
        "Halo Budi\n"
        f"File: {file}\n"
        "At: 2030-01-02 03:04:05+00:00\n"
        f"In reply to message {asked}"
    ]
    assert [item["to"] for item in sent["items"]] == [BUDI, "6281234567891"]


@MODES
@pytest.mark.parametrize(
    "no",
    [
        {"action": "decline"},
        {"action": "cancel"},
        {"action": "accept", "content": {"agree": False}},
    ],
)
async def test_a_no_sends_nothing_and_ends_it(api: Api, mode: str, no: dict[str, Any]) -> None:
    """Also when the assistant tries the code again."""
    async with assistant(api, SEND, person=Person(**no), mode=mode) as asking:
        code = (await asking.call("prepare_message", **HALO))["confirmation"]
        assert (await asking.call("carry_out", confirmation=code))["done"] is False
        assert (await asking.fail("carry_out", confirmation=code)).startswith("not_prepared: ")
    assert await api.count("message") == 0


@MODES
@pytest.mark.parametrize("answer", [{"action": "accept"}, {"action": "accept", "content": {"agree": "later"}}])
async def test_an_answer_that_is_none_sends_nothing(api: Api, mode: str, answer: dict[str, Any]) -> None:
    """A program that accepts without asking, or asks something else."""
    async with assistant(api, SEND, person=Person(**answer), mode=mode) as asking:
        code = (await asking.call("prepare_message", **HALO))["confirmation"]
        await asking.fail("carry_out", confirmation=code)
    assert await api.count("message") == 0


@MODES
async def test_an_assistant_cannot_agree_in_a_person_s_place(api: Api, mode: str) -> None:
    """Whatever it adds to the call: the answer is no argument."""
    agreed = {"action": "accept", "data": {"agree": True}}
    async with assistant(api, SEND, person=Person(action="decline"), mode=mode) as asking:
        (tool,) = [tool for tool in (await asking.client.list_tools()).tools if tool.name == "carry_out"]
        assert set(tool.input_schema["properties"]) == {"confirmation"}
        code = (await asking.call("prepare_message", **HALO))["confirmation"]
        result = await asking.try_("carry_out", confirmation=code, answer=agreed, agree=True)
    assert result.is_error or '"done":false' in str(result.content)
    assert await api.count("message") == 0


@pytest.mark.parametrize("code", ["", "send-to-6281234567890", "send-to-6281234567890-0000000000000000"])
async def test_an_invented_code_sends_nothing(api: Api, code: str) -> None:
    """There is no way around preparing."""
    async with assistant(api, SEND, person=yes()) as asking:
        assert (await asking.fail("carry_out", confirmation=code)).startswith("not_prepared: ")


async def test_a_code_is_of_the_server_that_gave_it(api: Api) -> None:
    """Started anew it knows nothing."""
    async with assistant(api, SEND) as asking:
        code = (await asking.call("prepare_message", **HALO))["confirmation"]
    async with assistant(api, SEND) as asking:
        assert (await asking.fail("carry_out", confirmation=code)).startswith("not_prepared: ")


async def test_where_nobody_can_be_asked_the_second_call_is_the_yes(api: Api) -> None:
    """The program shows each call to the person."""
    async with assistant(api, SEND) as asking:
        code = (await asking.call("prepare_message", **HALO))["confirmation"]
        sent = await asking.call("carry_out", confirmation=code)
    assert await api.rows("SELECT id FROM message") == [(sent["items"][0]["id"],)]


async def test_it_can_be_told_to_do_nothing_without_asking(api: Api) -> None:
    """Then who cannot ask is told so, and who can goes on."""
    async with assistant(api, SEND, must_ask=True) as asking:
        code = (await asking.call("prepare_message", **HALO))["confirmation"]
        assert (await asking.fail("carry_out", confirmation=code)).startswith("cannot_ask: ")
    assert await api.count("message") == 0
    async with assistant(api, SEND, must_ask=True, person=yes()) as asking:
        code = (await asking.call("prepare_message", **HALO))["confirmation"]
        await asking.call("carry_out", confirmation=code)
    assert await api.count("message") == 1


@MODES
async def test_carrying_out_twice_sends_once_and_asks_once(api: Api, mode: str) -> None:
    """With the same answer."""
    person = yes()
    async with assistant(api, SEND, person=person, mode=mode) as asking:
        code = (await asking.call("prepare_message", **HALO))["confirmation"]
        answers = [await asking.call("carry_out", confirmation=code) for _ in range(2)]
    assert answers[0] == answers[1]
    assert (await api.count("message"), len(person.asked)) == (1, 1)


async def test_the_same_prepared_twice_is_two_messages(api: Api) -> None:
    """A person may well say the same thing twice."""
    async with assistant(api, SEND) as asking:
        for _ in range(2):
            code = (await asking.call("prepare_message", **HALO))["confirmation"]
            await asking.call("carry_out", confirmation=code)
    assert await api.count("message") == 2


async def test_a_lost_answer_is_found_by_the_next_call(api: Api, wire: Wire) -> None:
    """Each try of the first call arrived, none of its answers did; the person is not asked again."""
    person = yes()
    async with assistant(api, SEND, person=person, url=wire.url) as asking:
        code = (await asking.call("prepare_message", **HALO))["confirmation"]
        wire.losing = 3
        assert (await asking.fail("carry_out", confirmation=code)).startswith("unreachable: ")
        sent = await asking.call("carry_out", confirmation=code)
    assert await api.rows("SELECT id FROM message") == [(sent["items"][0]["id"],)]
    assert len(person.asked) == 1


async def test_a_target_that_is_none_is_refused_when_it_is_prepared(api: Api) -> None:
    """With its code; so is content that is missing, and more targets than a person is shown."""
    async with assistant(api, SEND) as asking:
        assert (await asking.fail("prepare_message", **HALO | {"to": [BUDI, "x"]})).startswith("target_invalid: ")
        assert (await asking.fail("prepare_message", **HALO | {"text": ""})).startswith("content_missing: ")
        many = [f"62812345678{n:02}" for n in range(21)]
        assert "at most 20" in await asking.fail("prepare_message", **HALO | {"to": many})


async def test_a_rotator_is_named_as_one(api: Api) -> None:
    """Which of its members it is, is drawn when it is sent; the person is not shown another."""
    owner, person = await signed_in(api), yes()
    members = [{"to": BUDI}, {"to": "6281234567891"}]
    made = await owner.ask("POST", "/rotators", {"name": "Kasir", "kind": "full", "members": members})
    async with assistant(api, SEND, person=person, owner=owner) as asking:
        code = (await asking.call("prepare_message", **HALO | {"to": [made.body["target"]]}))["confirmation"]
        sent = await asking.call("carry_out", confirmation=code)
    assert person.asked == [f"Send from device {ONE} to {made.body['target']}:\nHalo Budi"]
    assert sent["items"][0]["to"] in {member["to"] for member in members}


async def test_what_a_person_would_not_see_is_shown_to_them(api: Api) -> None:
    """Letters that hide in a text may carry words out of the house."""
    person = yes()
    async with assistant(api, SEND, person=person) as asking:
        code = (await asking.call("prepare_message", **HALO | {"text": "Halo\U000e0041\U000e0042"}))["confirmation"]
        await asking.call("carry_out", confirmation=code)
    assert person.asked[0].endswith("\nHalo��")


async def waiting(api: Api) -> int:
    """A message with a time of its own."""
    return await send(api, schedule=1893556800)


@pytest.mark.parametrize(
    ("change", "given", "state", "asked"),
    [
        ("cancel", {}, "cancelled", "Cancel message {id} from device {one} to 6281234567890:\nhalo"),
        (
            "reschedule",
            {"at": "2031-01-02T03:04:05+07:00"},
            "queued",
            "Move message {id} from device {one} to 6281234567890 to 2031-01-02 03:04:05+07:00:\nhalo",
        ),
        ("send_now", {}, "queued", "Send now message {id} from device {one} to 6281234567890:\nhalo"),
    ],
)
async def test_a_waiting_message_is_changed_after_a_yes(
    api: Api, change: str, given: dict[str, Any], state: str, asked: str
) -> None:
    """The person sees which message, and what becomes of it."""
    id_, person = await waiting(api), yes()
    async with assistant(api, person=person) as asking:
        before = await asking.call("get_message", message=id_)
        prepared = await asking.call("prepare_change", message=id_, change=change, **given)
        assert (await asking.call("get_message", message=id_))["timeline"] == before["timeline"]
        changed = await asking.call("carry_out", confirmation=prepared["confirmation"])
    assert prepared["confirmation"].startswith(f"{change.replace('_', '-')}-message-{id_}-")
    assert changed["state"] == state
    assert person.asked == [asked.format(id=id_, one="One (6281111111111)")]
    if "at" in given:
        assert datetime.fromisoformat(changed["due_at"]) == datetime.fromisoformat(given["at"]).astimezone(UTC)


async def test_an_uncertain_message_is_sent_again_with_a_warning(api: Api) -> None:
    """It may arrive twice: the person says whether it may."""
    id_, person = await send_and_end(api, Outcome.UNKNOWN), yes()
    async with assistant(api, person=person) as asking:
        code = (await asking.call("prepare_change", message=id_, change="resend"))["confirmation"]
        assert (await asking.call("carry_out", confirmation=code))["state"] == "queued"
    assert "may arrive twice" in person.asked[0]


async def test_what_was_sent_is_edited_and_deleted_when_a_person_agrees(api: Api) -> None:
    """Who agrees sees the new words above the old ones; an edit takes some."""
    id_, person = await send_and_end(api, Outcome.SENT), yes()
    async with assistant(api, person=person) as asking:
        assert (await asking.fail("prepare_change", message=id_, change="edit")).startswith("input_invalid")
        for change, given in (("edit", {"text": "besok saja"}), ("revoke", {})):
            code = (await asking.call("prepare_change", message=id_, change=change, **given))["confirmation"]
            assert (await asking.call("carry_out", confirmation=code))["id"] == id_
    assert person.asked[0].splitlines()[1:] == ["besok saja", "", "Before:", "halo"]
    assert "Delete for everyone" in person.asked[1]


async def test_a_change_that_cannot_be_is_not_prepared(api: Api) -> None:
    """With the state that it is in; moving takes a time."""
    sent, waits = await send_and_end(api, Outcome.SENT), await waiting(api)
    async with assistant(api) as asking:
        said = await asking.fail("prepare_change", message=sent, change="cancel")
        assert said == f"not_possible: cancel cannot be done to message {sent}, which is sent"
        assert (await asking.fail("prepare_change", message=waits, change="reschedule")).startswith("input_invalid")


async def test_what_the_api_refuses_may_be_tried_again(api: Api) -> None:
    """The code stands while its time lasts."""
    id_ = await waiting(api)
    async with assistant(api) as asking:
        first = (await asking.call("prepare_change", message=id_, change="cancel"))["confirmation"]
        second = (await asking.call("prepare_change", message=id_, change="send_now"))["confirmation"]
        await asking.call("carry_out", confirmation=first)
        assert (await asking.fail("carry_out", confirmation=second)).startswith("message_cancelled: ")
        assert (await asking.fail("carry_out", confirmation=second)).startswith("message_cancelled: ")
