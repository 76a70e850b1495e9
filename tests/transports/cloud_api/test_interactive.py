"""Buttons, lists, links and templates at Meta: pywa would post the same, and the fake Graph takes what we post."""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from pywa.client import WhatsApp
from pywa.types import callback as pywa
from pywa.types.callback import CallbackButton
from pywa.types.templates import (
    BaseParams,
    BodyText,
    CopyCodeButton,
    HeaderDocument,
    HeaderImage,
    HeaderLocation,
    HeaderText,
    HeaderVideo,
    QuickReplyButton,
    TemplateLanguage,
    URLButton,
)

from merpati.core.errors import Code
from merpati.core.ids import Address, WireRef
from merpati.fakes.graph.bodies import Asked, parse
from merpati.fakes.graph.templates import create_template
from merpati.transports.cards import NotShown
from merpati.transports.cloud_api.bodies import body_of
from merpati.transports.cloud_api.interactive import read_chosen
from merpati.transports.cloud_api.webhooks import Said, read_news
from merpati.transports.interactive import (
    Button,
    Buttons,
    Chosen,
    LinkButton,
    ListMenu,
    Row,
    Section,
    Template,
    TemplateButton,
    TemplateButtonKind,
    Variable,
    file_of,
)
from merpati.transports.port import Content, Location, Media, MediaKind, Outbound, Poll, SendError, SendFault
from tests.fakes.graph.conftest import rig
from tests.fakes.graph.rig import Rig
from tests.transports.cloud_api.test_webhooks import posted

__all__ = ["rig"]
TO = "6281234567890"
BUTTONS = Buttons(
    body="Jadi pesan?",
    buttons=(Button(id="y", title="Jadi"), Button(id="n", title="Batal")),
    header="Toko Ani",
    footer="Buka sampai 17.00",
)
LIST = ListMenu(
    body="Pilih paket",
    button="Lihat paket",
    sections=(
        Section(title="Teks", rows=(Row(id="1", title="Hemat", description="10 rb sebulan"),)),
        Section(title="Lengkap", rows=(Row(id="2", title="Super"), Row(id="3", title="Ultra"))),
    ),
    header="Paket",
)
LINK = LinkButton(body="Bayar di sini", title="Bayar", url="https://toko.example/b/1", footer="Aman")
RESI = Template(
    name="resi_baru",
    language="id",
    header=(Variable(text="Ani"),),
    body=(Variable(text="JNE-1"), Variable(text="besok")),
    buttons=(TemplateButton(index=0, kind=TemplateButtonKind.QUICK_REPLY, value="terima"),),
)
FILES = {
    MediaKind.IMAGE: ("image/jpeg", "katalog.jpg"),
    MediaKind.VIDEO: ("video/mp4", "tur.mp4"),
    MediaKind.DOCUMENT: ("application/pdf", "tagihan 5.pdf"),
}
FILE_ID = "1234567890123456"
WEBP = Media(kind=MediaKind.IMAGE, path="/x", mime="image/webp", size_bytes=9)


def above(kind: MediaKind) -> Template:
    """A template with a file above."""
    mime, filename = FILES[kind]
    file = Media(kind=kind, path="/x", mime=mime, size_bytes=9, filename=filename)
    return Template(name="katalog", language="id", body=(Variable(text="Ani"),), attached=file)


PLACE = Template(
    name="kurir",
    language="id",
    body=(Variable(text="Ani", name="nama"),),
    attached=Location(latitude=-6.2, longitude=106.8, caption="Monas", address="Jakarta Pusat"),
)
VOUCHER = Template(
    name="hemat",
    language="id",
    buttons=(
        TemplateButton(index=0, kind=TemplateButtonKind.COPY_CODE, value="HEMAT10"),
        TemplateButton(index=1, kind=TemplateButtonKind.URL, value="promo"),
    ),
)
ALL: Mapping[str, Content] = {
    "buttons": BUTTONS,
    "list": LIST,
    "link": LINK,
    "template": RESI,
    **{kind.value: above(kind) for kind in FILES},
    "place": PLACE,
    "voucher": VOUCHER,
}


def posted_for(content: Content) -> dict[str, Any]:
    outbound = Outbound(ref=WireRef("3EB0REF"), chat=Address(TO), content=content)
    return body_of(outbound, FILE_ID if file_of(content) else "")


def pywa_posts(**asked: Any) -> dict[str, Any]:  # noqa: ANN401 - pywa's types
    """The body that pywa would post: its own session is asked, which keeps it and fails."""
    kept: list[dict[str, Any]] = []
    client = WhatsApp(phone_id="55", token="t")

    def keep(**request: Any) -> None:  # noqa: ANN401 - whatever pywa gives its session
        kept.append(request["json"])
        raise ConnectionError

    client.api._session.request = keep  # type: ignore[method-assign, assignment]
    template = "name" in asked
    with pytest.raises(ConnectionError):
        (client.send_template if template else client.send_message)(TO, **asked)
    client.api._session.close()
    posted: dict[str, Any] = json.loads(json.dumps(kept[0]))
    return posted


def with_header(header: BaseParams) -> Mapping[str, Any]:
    body = BodyText.params("Ani")  # type: ignore[arg-type]  # pywa names the class as its own parameter
    return {"name": "katalog", "language": TemplateLanguage.INDONESIAN, "params": [header, body]}


PYWA: Mapping[str, Mapping[str, Any]] = {
    "buttons": {
        "text": "Jadi pesan?",
        "header": "Toko Ani",
        "footer": "Buka sampai 17.00",
        "buttons": [pywa.Button("Jadi", "y"), pywa.Button("Batal", "n")],
    },
    "list": {
        "text": "Pilih paket",
        "header": "Paket",
        "buttons": pywa.SectionList(
            "Lihat paket",
            [
                pywa.Section("Teks", [pywa.SectionRow("Hemat", "1", "10 rb sebulan")]),
                pywa.Section("Lengkap", [pywa.SectionRow("Super", "2"), pywa.SectionRow("Ultra", "3")]),
            ],
        ),
    },
    "link": {
        "text": "Bayar di sini",
        "footer": "Aman",
        "buttons": pywa.URLButton("Bayar", "https://toko.example/b/1"),
    },
    "template": {
        "name": "resi_baru",
        "language": TemplateLanguage.INDONESIAN,
        "params": [
            HeaderText.params("Ani"),  # type: ignore[arg-type]  # pywa names the class as its own parameter
            BodyText.params("JNE-1", "besok"),  # type: ignore[arg-type]  # as above
            QuickReplyButton.params(callback_data="terima", index=0),
        ],
    },
    "image": with_header(HeaderImage.params(image=FILE_ID)),
    "video": with_header(HeaderVideo.params(video=FILE_ID)),
    "document": with_header(HeaderDocument.params(document=FILE_ID, filename="tagihan 5.pdf")),
    "place": {
        "name": "kurir",
        "language": TemplateLanguage.INDONESIAN,
        "params": [
            HeaderLocation.params(lat=-6.2, lon=106.8, name="Monas", address="Jakarta Pusat"),
            BodyText.params(nama="Ani"),
        ],
    },
    "voucher": {
        "name": "hemat",
        "language": TemplateLanguage.INDONESIAN,
        "params": [
            CopyCodeButton.params(coupon_code="HEMAT10", index=0),
            URLButton.params(url_variable="promo", index=1),
        ],
    },
}


@pytest.mark.parametrize("kind", ALL)
def test_pywa_would_post_the_same(kind: str) -> None:
    """Whoever wrote pywa read Meta's documentation for themselves."""
    ours, theirs = posted_for(ALL[kind]), pywa_posts(**PYWA[kind])
    named = ours["type"]
    assert plain(ours[named]) == plain(theirs[named])


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Without what says nothing, and every word of one kind of case: Meta takes both."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if each is not None and each != []}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.lower() if isinstance(value, str) else str(value)


@pytest.mark.parametrize("content", ALL.values(), ids=ALL)
def test_the_fake_graph_takes_the_body(content: Content) -> None:
    """Its check of bodies is written from Meta's pages, and shares no code with ours."""
    assert isinstance(parse(posted_for(content)), Asked)


@pytest.mark.parametrize(
    ("content", "fault", "code"),
    [
        (Poll(question="?", choices=("a", "b")), SendFault.UNSUPPORTED, Code.POLL_UNSUPPORTED),
        (Buttons(body="x" * 1025, buttons=BUTTONS.buttons), SendFault.CONTENT, Code.TEXT_TOO_LONG),
        (Buttons(body="x", buttons=()), SendFault.CONTENT, Code.CONTENT_REFUSED),
        (Template(name="X", language="id"), SendFault.CONTENT, Code.TEMPLATE_INVALID),
        (Template(name="x", language="id", attached=WEBP), SendFault.CONTENT, Code.FILE_REFUSED),
    ],
)
def test_what_meta_would_refuse_is_not_posted(content: Content, fault: SendFault, code: Code) -> None:
    """Also when the recipient's own words made it so, after the door."""
    with pytest.raises(SendError) as refused:
        posted_for(content)
    assert (refused.value.fault, refused.value.code) == (fault, code)


@pytest.mark.parametrize(
    ("content", "pressed", "chosen"),
    [
        (BUTTONS, "n", Chosen(id="n", title="Batal")),
        (LIST, "1", Chosen(id="1", title="Hemat", description="10 rb sebulan")),
    ],
)
async def test_what_is_pressed_comes_back_with_the_message(
    rig: Rig, content: Content, pressed: str, chosen: Chosen
) -> None:
    """The whole way at the fake: posted, pressed, told by webhook, read."""
    sent = await post(rig, content)
    await press(rig, sent, pressed)

    news = [each for body in rig.receiver.bodies for each in read_news(body) if isinstance(each, Said)]
    assert (news[0].content, news[0].quoted) == (chosen, sent)


async def test_a_templates_quick_reply_comes_back_with_its_words(rig: Rig) -> None:
    """Filled in by us, pressed at the fake by its payload, told with the words that were handed in."""
    buttons = [{"type": "QUICK_REPLY", "text": "Terima kasih"}]
    components = [
        {"type": "HEADER", "format": "TEXT", "text": "Halo {{1}}"},
        {"type": "BODY", "text": "Resi {{1}}, tiba {{2}}"},
        {"type": "BUTTONS", "buttons": buttons},
    ]
    handed_in = {"name": "resi_baru", "language": "id", "category": "UTILITY", "components": components}
    template = create_template(rig.graph.world, rig.seeded.business, handed_in)
    template.status = "APPROVED"

    sent = await post(rig, RESI)
    await press(rig, sent, "terima")

    [said] = [each for body in rig.receiver.bodies for each in read_news(body) if isinstance(each, Said)]
    assert (said.content, said.quoted) == (Chosen(id="terima", title="Terima kasih"), sent)
    assert [each.data for each in rig.receiver.of(CallbackButton)] == ["terima"]


async def post(rig: Rig, content: Content) -> str:
    """Hand it over at the fake; its id."""
    url = f"{rig.url}/v26.0/{rig.seeded.number.id}/messages"
    headers = {"Authorization": f"Bearer {rig.seeded.token}"}
    body = {**posted_for(content), "to": rig.to}
    async with aiohttp.ClientSession(headers=headers) as session, session.post(url, json=body) as answer:
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["messages"][0]["id"])


async def press(rig: Rig, message: str, id_: str) -> None:
    """As the customer; and wait until it is told."""
    asked = {"person": rig.to, "message": message, "id": id_}
    async with aiohttp.ClientSession() as session, session.post(f"{rig.url}/_fake/press", json=asked) as answer:
        assert answer.status == 200, await answer.text()
    await rig.settled()


def test_a_quick_reply_of_a_template_is_a_choice() -> None:
    """Its payload is the id, its text the title; without a payload Meta repeats the text."""
    message = {"from": "628111", "id": "wamid.T", "timestamp": "1760000000", "context": {"id": "wamid.Q"}}
    button = {"type": "button", "button": {"payload": "terima", "text": "Terima"}}
    [news] = read_news(posted({"messages": [{**message, **button}]}))
    assert isinstance(news, Said)
    assert (news.content, news.quoted) == (Chosen(id="terima", title="Terima"), "wamid.Q")
    assert read_chosen("button", {"text": "Ya"}) == Chosen(id="Ya", title="Ya")


@pytest.mark.parametrize(
    "named",
    [{}, {"type": "nfm_reply", "nfm_reply": {}}, {"type": "button_reply"}, {"type": "list_reply", "list_reply": []},
     {"type": "list_reply", "list_reply": {"id": 7, "title": "x"}}, {"type": "button_reply", "button_reply": {}}],
)  # fmt: skip
def test_another_shape_is_told_as_not_shown(named: dict[str, Any]) -> None:
    """Forms, and what is not as Meta says it is."""
    message = {"from": "6281", "id": "wamid.T", "timestamp": "1", "type": "interactive", "interactive": named}
    [news] = read_news(posted({"messages": [message]}))
    assert isinstance(news, Said)
    assert news.content == NotShown(kind="interactive")
