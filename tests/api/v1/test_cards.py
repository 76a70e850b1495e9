"""Contact cards and reactions through our own API, and what is not shown: sent, refused, and seen."""

from typing import Any

import msgspec
import pytest

from merpati.core.ids import Address, DeviceId, WaId
from merpati.transports.cards import Contact, Contacts, NotShown, Reaction
from merpati.transports.port import Content
from tests.api.harness import ONE, Api
from tests.api.test_menus import OFFICIAL, official
from tests.api.v1.browser import program_of
from tests.api.v1.messages import receive

BUDI = "6281234567890"
SITI: dict[str, Any] = {"contacts": [{"name": "Siti", "phones": ["+62 812"]}]}


async def stored(api: Api) -> Content:
    rows = await api.rows("SELECT content FROM message WHERE direction = 0 ORDER BY id DESC LIMIT 1")
    content: Content = msgspec.json.decode(rows[0][0], type=Content)
    return content


async def test_a_card_is_sent_and_shown_again(both: Api) -> None:
    """In the preview, in the store, in the history, by its words."""
    await official(both)
    program = program_of(both)
    body = {"device": OFFICIAL, "targets": BUDI, **SITI}

    preview = await program.ask("POST", "/messages/preview", body)
    sent = await program.ask("POST", "/messages", body)

    assert preview.body["items"][0]["text"] == "Siti +62 812"
    assert await stored(both) == Contacts(contacts=(Contact(name="Siti", phones=("+62 812",)),))
    shown = (await program.ask("GET", f"/messages/{sent.body['items'][0]['id']}")).body
    assert (shown["content"], shown["contacts"], shown["text"]) == ("contacts", SITI["contacts"], "Siti +62 812")
    found = (await program.ask("GET", "/messages?q=siti")).body["items"]
    assert [each["content"] for each in found] == ["contacts"]


async def test_a_reaction_goes_to_its_message_and_no_other_chat(api: Api) -> None:
    """It names the message by our id, and whoever wrote it by WhatsApp's address."""
    await official(api)
    program = program_of(api)
    about = await receive(api, device=OFFICIAL)
    body: dict[str, Any] = {"device": OFFICIAL, "targets": BUDI, "reaction": {"message": about, "emoji": "👍"}}

    preview = await program.ask("POST", "/messages/preview", body)
    sent = await program.ask("POST", "/messages", body)
    elsewhere = await program.ask("POST", "/messages", {**body, "targets": "6281234567899"})
    by_another = await program.ask("POST", "/messages", {**body, "device": ONE})

    assert preview.body["items"][0]["text"] == "👍"
    assert sent.status == 202
    assert await stored(api) == Reaction(emoji="👍", about=WaId(f"IN{about}"), author=Address(BUDI))
    shown = (await program.ask("GET", f"/messages/{sent.body['items'][0]['id']}")).body
    assert (shown["content"], shown["reaction"]) == ("reaction", {"emoji": "👍", "about": f"IN{about}"})
    for refused, field in ((elsewhere, "targets"), (by_another, "reaction.message")):
        assert (refused.status, refused.body["code"]) == (422, "reaction_elsewhere")
        assert [each["field"] for each in refused.body["errors"]] == [field]


async def test_one_of_ours_that_has_not_gone_is_not_reacted_to(api: Api) -> None:
    """WhatsApp does not know it yet."""
    await official(api)
    program = program_of(api)
    text = await program.ask("POST", "/messages", {"device": OFFICIAL, "targets": BUDI, "text": "Halo"})
    reaction = {"message": text.body["items"][0]["id"], "emoji": "👍"}
    refused = await program.ask("POST", "/messages", {"device": OFFICIAL, "targets": BUDI, "reaction": reaction})
    assert (refused.status, refused.body["code"]) == (422, "reaction_elsewhere")


@pytest.mark.parametrize(
    ("device", "more", "code", "field"),
    [
        (ONE, SITI, "contact_unsupported", None),
        (OFFICIAL, {**SITI, "text": "Halo"}, "input_invalid", "text"),
        (OFFICIAL, {**SITI, "poll": {"choices": ["a", "b"]}}, "input_invalid", "poll"),
        (OFFICIAL, {**SITI, "reaction": {"message": 1, "emoji": "👍"}}, "message_unknown", None),
        (OFFICIAL, {"contacts": []}, "contacts_count", "contacts"),
        (OFFICIAL, {"contacts": [{"name": "Siti", "phones": []}]}, "phones_count", "contacts.phones"),
        (OFFICIAL, {"reaction": {"message": 7, "emoji": "👍"}}, "message_unknown", None),
    ],
)
async def test_what_is_not_right_is_refused_before_anything_is_stored(
    api: Api, device: DeviceId, more: dict[str, Any], code: str, field: str | None
) -> None:
    """By its field, where there is one."""
    await official(api)
    answered = await program_of(api).ask("POST", "/messages", {"device": device, "targets": BUDI, **more})
    assert answered.body["code"] == code
    assert answered.status == (404 if code == "message_unknown" else 422)
    if field is not None:
        assert [each["field"] for each in answered.body["errors"]] == [field]
    assert await api.count("message") == 0


@pytest.mark.parametrize(
    ("content", "kind", "text", "shown"),
    [
        (Reaction(emoji="👍", about=WaId("W")), "reaction", "👍", {"reaction": {"emoji": "👍", "about": "W"}}),
        (NotShown(kind="edit", text="Besok"), "not_shown", "edit: Besok", {"not_shown": "edit"}),
    ],
)
async def test_what_came_is_seen(
    api: Api, content: Reaction | NotShown, kind: str, text: str, shown: dict[str, Any]
) -> None:
    """In the list and by itself."""
    program = program_of(api)
    id_ = await receive(api, content=content)
    [row] = (await program.ask("GET", "/messages")).body["items"]
    whole = (await program.ask("GET", f"/messages/{id_}")).body
    assert (row["content"], row["text"], whole["text"]) == (kind, text, text)
    assert {name: whole[name] for name in ("contacts", "reaction", "not_shown") if whole[name]} == shown
