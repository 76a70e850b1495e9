"""`buttonJSON`, `templateJSON`, `listJSON` and our own API where WhatsApp shows buttons, and where it does not."""

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from merpati.api.fonnte.menus import Menu, menu_of
from merpati.api.fonnte.params import parse_params
from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId
from merpati.core.tokens import Sealer
from merpati.devices.actions import NewDevice, add_device
from merpati.transports.interactive import (
    Button,
    Buttons,
    LinkButton,
    ListMenu,
    Row,
    Section,
    Template,
    TemplateButton,
    TemplateButtonKind,
    Variable,
)
from merpati.transports.port import Content, Poll, Text
from tests.api.harness import ACCOUNT, ONE, Api
from tests.api.v1.browser import program_of

OFFICIAL, TOKEN = DeviceId(31), "OfficialOfficial0001"
BUTTON = {"message": "tombol", "footer": "kaki", "buttons": [{"id": "b1", "message": "halo"}, {"message": "harga"}]}
LIST = {
    "message": "paket",
    "footer": "kaki",
    "buttonTitle": "lihat",
    "title": "judul",
    "buttons": [
        {"title": "teks", "list": [{"message": "hemat", "footer": "10 rb", "id": "l1"}]},
        {"title": "lengkap", "list": [{"message": "super", "id": "l2"}]},
    ],
}
LINK = {"message": "bayar", "buttons": [{"message": "buka", "url": "https://toko.example"}]}
CALL = {"message": "tekan", "buttons": [{"message": "telepon", "tel": "6282"}]}
MIXED = {"message": "dua", "buttons": [*LINK["buttons"], {"id": "x", "message": "halo"}]}
LINKED = {"title": "a", "url": "https://a.id"}
REPLIES = {"message": "dua", "buttons": [{"id": "x", "message": "halo"}]}


def params(**given: object) -> Any:  # noqa: ANN401 - SendParams
    return parse_params({name.lower(): json.dumps(value) for name, value in given.items()})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"buttonJSON": BUTTON},
            Buttons(
                body="tombol", footer="kaki", buttons=(Button(id="b1", title="halo"), Button(id="2", title="harga"))
            ),
        ),
        (
            {"listJSON": LIST},
            ListMenu(
                body="paket",
                button="lihat",
                header="judul",
                footer="kaki",
                sections=(
                    Section(title="teks", rows=(Row(id="l1", title="hemat", description="10 rb"),)),
                    Section(title="lengkap", rows=(Row(id="l2", title="super"),)),
                ),
            ),
        ),
        ({"templateJSON": LINK}, LinkButton(body="bayar", title="buka", url="https://toko.example")),
        ({"templateJSON": REPLIES}, Buttons(body="dua", buttons=(Button(id="x", title="halo"),))),
        ({"templateJSON": CALL}, None),
        ({"templateJSON": MIXED}, None),
        ({"buttonJSON": BUTTON, "listJSON": LIST}, None),
        ({"buttonJSON": BUTTON, "choices": ["a", "b"]}, None),
        ({}, None),
    ],
)
def test_each_parameter_maps_field_by_field(given: dict[str, object], expected: Menu | None) -> None:
    """What WhatsApp has no shape for stays a text."""
    assert menu_of(params(**given)) == expected


def test_the_message_stands_above_the_menus_own() -> None:
    """Nothing that was asked for is dropped."""
    menu = menu_of(params(message="Kak {name},", buttonJSON=BUTTON))
    assert menu is not None
    assert menu.body == '"Kak {name},"\n\ntombol'


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"buttonJSON": {**BUTTON, "buttons": [{"message": str(n)} for n in range(4)]}}, Code.BUTTONS_COUNT),
        ({"buttonJSON": {**BUTTON, "buttons": "satu"}}, Code.JSON_INVALID),
        ({"buttonJSON": {**BUTTON, "buttons": ["satu"]}}, Code.JSON_INVALID),
        ({"buttonJSON": {**BUTTON, "buttons": [{"message": "x" * 21}]}}, Code.PART_TOO_LONG),
        ({"buttonJSON": {"buttons": [{"message": "x"}]}}, Code.CONTENT_MISSING),
        ({"listJSON": {**LIST, "buttonTitle": ""}}, Code.PART_MISSING),
    ],
)
def test_what_is_beyond_a_limit_is_refused(given: dict[str, object], code: Code) -> None:
    """By the limit's name."""
    with pytest.raises(Refusal) as refused:
        menu_of(params(**given))
    assert refused.value.code is code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["message", "footer", "buttons", "buttontitle", "title", "list", "id", "url", "tel"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)
TABLES = st.dictionaries(
    st.sampled_from(["message", "footer", "buttons", "buttontitle", "title"]), JSON, max_size=5
)


@settings(max_examples=200)
@drawn(st.sampled_from(["button", "template", "list_"]), TABLES)
def test_no_json_is_a_fault(field: str, table: dict[str, object]) -> None:
    """Whatever stands where: a menu, none, or a refusal with a name."""
    with contextlib.suppress(Refusal):
        menu = menu_of(msgspec.structs.replace(params(), **{field: table}))
        assert menu is None or menu.body


# -- through the door --


async def official(api: Api) -> None:
    """A device whose transport has buttons and no polls."""
    new = NewDevice(
        id=OFFICIAL, account=ACCOUNT, number="6285555555555", name="Resmi", transport="official", desired=True
    )
    await api.storage.write(add_device, new, Sealer(b"k" * 32).seal_token("device", OFFICIAL, TOKEN))


async def send(api: Api, **form: object) -> dict[str, Any]:
    body = {"target": "082227097005", "connectOnly": "false", **form}
    async with api.client.post(f"{api.url}/send", headers={"Authorization": TOKEN}, data=body) as response:
        answer: dict[str, Any] = await response.json()
        return answer


async def stored(api: Api) -> Content:
    rows = await api.rows("SELECT content FROM message ORDER BY id DESC LIMIT 1")
    content: Content = msgspec.json.decode(rows[0][0], type=Content)
    return content


async def test_buttons_are_real_where_whatsapp_shows_them(both: Api) -> None:
    """Fonnte's sample, on a device of the official API: no word of a text instead."""
    await official(both)
    answer = await send(both, buttonJSON=json.dumps(BUTTON))
    assert answer["detail"] == "success! message in queue"
    assert isinstance(await stored(both), Buttons)


async def test_what_has_no_shape_there_goes_as_text_and_the_answer_says_so(both: Api) -> None:
    """A phone number's button is one of approved templates alone."""
    await official(both)
    answer = await send(both, templateJSON=json.dumps(CALL))
    assert answer["detail"].endswith("buttons were not sent, their text was put into the message")
    assert await stored(both) == Text(body="tekan\n\n1. telepon — 6282")


async def test_a_refusal_says_which_limit_and_a_poll_says_what_to_do(both: Api) -> None:
    """Fonnte's words, and ours after the colon."""
    await official(both)
    many = {**BUTTON, "buttons": [{"message": str(n)} for n in range(4)]}
    assert (await send(both, buttonJSON=json.dumps(many)))["reason"] == "input invalid: 1 to 3 buttons, not 4"
    long = {**BUTTON, "buttons": [{"message": "x" * 21}]}
    assert (await send(both, buttonJSON=json.dumps(long)))["reason"] == (
        "input invalid: buttons.items.title has 21 characters, at most 20"
    )
    poll = await send(both, message="warna?", choices="merah,biru")
    assert poll["reason"] == "input invalid: this device has no polls, send listJSON"


GIVEN: dict[str, tuple[dict[str, Any], Content]] = {
    "buttons": (
        {
            "text": "Jadi, {name}?",
            "interactive": {"buttons": {"items": [{"id": "y", "title": "Jadi"}], "footer": "Toko"}},
        },
        Buttons(body="Jadi, Ani?", buttons=(Button(id="y", title="Jadi"),), footer="Toko"),
    ),
    "menu": (
        {
            "text": "Pilih",
            "interactive": {"menu": {"button": "Lihat", "sections": [{"rows": [{"id": "1", "title": "Hemat"}]}]}},
        },
        ListMenu(body="Pilih", button="Lihat", sections=(Section(rows=(Row(id="1", title="Hemat"),)),)),
    ),
    "link": (
        {"text": "Bayar", "interactive": {"link": {"title": "Buka", "url": "https://toko.example"}}},
        LinkButton(body="Bayar", title="Buka", url="https://toko.example"),
    ),
    "template": (
        {
            "interactive": {
                "template": {
                    "name": "resi",
                    "language": "id",
                    "body": [{"text": "{name}"}, {"text": "besok", "name": "hari"}],
                    "buttons": [{"index": 0, "kind": "quick_reply", "value": "terima"}],
                }
            }
        },
        Template(
            name="resi",
            language="id",
            body=(Variable(text="Ani"), Variable(text="besok", name="hari")),
            buttons=(TemplateButton(index=0, kind=TemplateButtonKind.QUICK_REPLY, value="terima"),),
        ),
    ),
}


@pytest.mark.parametrize("kind", GIVEN)
async def test_our_own_api_takes_each_and_shows_it_again(both: Api, kind: str) -> None:
    """Rendered for its target; the preview says what they would read."""
    await official(both)
    given, expected = GIVEN[kind]
    program = program_of(both)
    body = {"device": OFFICIAL, "targets": "6281234567890|Ani", **given}

    preview = await program.ask("POST", "/messages/preview", body)
    sent = await program.ask("POST", "/messages", body)

    assert (preview.status, sent.status) == (200, 202)
    assert "{" not in preview.body["items"][0]["text"]
    assert await stored(both) == expected
    shown = (await program.ask("GET", f"/messages/{sent.body['items'][0]['id']}")).body
    assert shown["content"] == kind
    assert [name for name, value in shown["interactive"].items() if value] == [kind]
    assert shown["choice"] is None
    if kind == "buttons":
        assert shown["interactive"]["buttons"] == {
            "items": [{"id": "y", "title": "Jadi"}],
            "header": "",
            "footer": "Toko",
        }


async def test_the_history_is_searched_by_what_can_be_pressed(both: Api) -> None:
    """A row's title is one of the message's words, and the list of messages says what kind it is."""
    await official(both)
    program = program_of(both)
    body = {"device": OFFICIAL, "targets": "6281234567890", **GIVEN["menu"][0]}
    sent = await program.ask("POST", "/messages", body)

    found = (await program.ask("GET", "/messages?q=hemat")).body["items"]

    assert [(each["id"], each["content"]) for each in found] == [(sent.body["items"][0]["id"], "menu")]
    assert "Hemat" in found[0]["text"]


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"interactive": {"buttons": {"items": []}}}, "buttons_count", "interactive.buttons.items"),
        (
            {"interactive": {"buttons": {"items": [{"id": "1", "title": "x" * 21}]}}},
            "part_too_long",
            "interactive.buttons.items.title",
        ),
        ({"text": "", "interactive": {"link": LINKED}}, "content_missing", "text"),
        ({"interactive": {"link": {"title": "a", "url": "a"}}}, "url_invalid", "interactive.link.url"),
        ({"interactive": {"template": {"name": "resi", "language": "id"}}}, "input_invalid", "text"),
        ({"interactive": {}}, "input_invalid", "interactive"),
        (
            {"interactive": {"link": LINKED, "buttons": {"items": [{"id": "1", "title": "a"}]}}},
            "input_invalid",
            "interactive",
        ),
        ({"poll": {"choices": ["a", "b"]}, "interactive": {"link": LINKED}}, "input_invalid", "poll"),
        (
            {"text": "", "interactive": {"template": {"name": "Resi", "language": "id"}}},
            "template_invalid",
            "interactive.template",
        ),
        (
            {"text": "", "interactive": {"template": {"name": "r", "language": "id", "body": [{"text": "a\nb"}]}}},
            "variable_invalid",
            "interactive.template.body",
        ),
    ],
)
async def test_what_is_not_right_names_its_field(both: Api, more: dict[str, Any], code: str, field: str) -> None:
    """And nothing is stored."""
    await official(both)
    body = {"device": OFFICIAL, "targets": "6281234567890", "text": "Halo", **more}
    answered = await program_of(both).ask("POST", "/messages", body, headers={"Accept-Language": "en"})
    assert (answered.status, answered.body["code"]) == (422, code)
    assert [each["field"] for each in answered.body["errors"]] == [field]
    assert await both.count("message") == 0


@pytest.mark.parametrize(
    ("device", "kind", "code"),
    [
        (ONE, "buttons", "interactive_unsupported"),
        (ONE, "menu", "interactive_unsupported"),
        (ONE, "template", "template_unsupported"),
        (OFFICIAL, "poll", "poll_unsupported"),
    ],
)
async def test_what_the_transport_has_not_is_refused_with_advice(
    both: Api, device: DeviceId, kind: str, code: str
) -> None:
    """Before anything is queued; the sentence says what to send instead."""
    await official(both)
    given = GIVEN[kind][0] if kind in GIVEN else {"text": "?", "poll": {"choices": ["a", "b"]}}
    body = {"device": device, "targets": "6281234567890", **given}
    answered = await program_of(both).ask("POST", "/messages", body, headers={"Accept-Language": "en"})
    assert (answered.status, answered.body["code"]) == (422, code)
    assert "instead" in answered.body["detail"]
    assert await both.count("outbox") == 0


async def test_a_poll_on_the_official_api_is_no_poll_in_the_store(both: Api) -> None:
    """While a device that has polls goes on sending them."""
    await official(both)
    body = {"device": ONE, "targets": "6281234567890", "text": "?", "poll": {"choices": ["a", "b"]}}
    assert (await program_of(both).ask("POST", "/messages", body)).status == 202
    assert isinstance(await stored(both), Poll)
