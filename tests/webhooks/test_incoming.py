"""What the webhook of messages tells. Source: Fonnte docs, webhook reply message, webhook get attachment."""

import json

import pytest

from merpati.core.facts import MessageReceived, ReceivedFile, Telling
from merpati.core.ids import AccountId, Address, DeviceId, MediaId, MessageId, WaId
from merpati.log.model import RawEntry, encode_fact, kind_of
from merpati.messages.actions import accept_calls
from merpati.messages.inbound import Incoming, receive_messages
from merpati.messages.model import StoredContent, Vote
from merpati.messages.telling import telling_of
from merpati.storage.port import Tx
from merpati.transports.cards import Contact, Contacts, NotShown, Reaction
from merpati.transports.interactive import Chosen
from merpati.transports.port import Location, Media, MediaKind, Poll, Text
from merpati.webhooks.bodies import body_of
from merpati.webhooks.incoming import BUTTON_ID, CONTACTS, KEYS, REACTION, REACTION_ID
from merpati.webhooks.model import Card, EndpointKind
from tests.messages.outbox import a_call, a_draft
from tests.webhooks.receiver import Receiver
from tests.webhooks.stage import ACCOUNT, Stage

DEVICE, MESSAGE, AT = DeviceId(3), MessageId(80367170), 1_700_000_000_500
BUDI, GROUP = Address("628222"), Address("120363000000000001@g.us")
CARD = Card("628111", "TOKEN", link=lambda file: f"https://shop.example/files/{file.media}/{file.filename}")
CAPTURED = {
    "quick": False, "device": "628111", "pesan": "Halo", "pengirim": "628222", "member": "", "message": "Halo",
    "text": "non-button message", "sender": "628222", "name": "Some Name", "location": "", "url": "",
    "type": "text", "extension": "", "filename": "", "pollname": "", "choices": [], "inboxid": 0,
    "isgroup": False, "isforwarded": False,
}  # fmt: skip
"""The body that a public client of Fonnte keeps as a test, of the time before `timestamp`."""
LATER = {"timestamp": 1_700_000_000, "pushname": "Some Name", "mode": "", "memberlid": ""}
FILE = ReceivedFile(MediaId(9), "foto.jpg", "jpg", AT)


def telling(content: StoredContent, **about: object) -> Telling:
    return telling_of(content, at=AT, name="Some Name", **about)  # type: ignore[arg-type]  # as the cases have it


def body(told: Telling | None, chat: Address = BUDI, sender: Address = BUDI, secret_key: str = "") -> bytes | None:
    fact = MessageReceived(DEVICE, MESSAGE, chat, sender, WaId("3EB0A1"), told)
    entry = RawEntry(AccountId(1), 7, AT + 60_000, kind_of(fact), DEVICE, encode_fact(fact))
    return body_of(entry, CARD, secret_key)


def a_file(kind: MediaKind, caption: str = "") -> Media:
    return Media(kind=kind, path="9.jpg", mime="image/jpeg", size_bytes=3, caption=caption)


def test_a_text_is_told_as_fonnte_tells_it() -> None:
    """Every key of the captured body, and those that came later; the time is WhatsApp's, in seconds."""
    assert json.loads(body(telling(Text(body="Halo"))) or b"") == CAPTURED | LATER


@pytest.mark.parametrize(
    ("content", "about", "expected"),
    [
        (Text(body="Halo"), {"in_inbox": True}, {"inboxid": MESSAGE}),
        (Text(body="Halo"), {"to_itself": True}, {"quick": True}),
        (
            Location(latitude=-7.98, longitude=112.62),
            {},
            {"type": "location", "location": "-7.98,112.62", "message": "non-text message"},
        ),
        (Location(latitude=1, longitude=2, caption="di sini"), {}, {"message": "di sini", "pesan": "di sini"}),
        (
            a_file(MediaKind.IMAGE, "lihat"),
            {"file": FILE},
            {
                "type": "image",
                "message": "lihat",
                "url": "https://shop.example/files/9/foto.jpg",
                "filename": "foto.jpg",
                "extension": "jpg",
            },
        ),
        (a_file(MediaKind.AUDIO), {}, {"type": "audio", "message": "non-text message", "url": "", "filename": ""}),
        (
            Vote(poll=WaId("P"), choices=("M", "L")),
            {"poll": "ukuran"},
            {"type": "poll", "pollname": "ukuran", "choices": ["M", "L"], "message": "non-text message"},
        ),
        (
            Poll(question="Ukuran?", choices=("S", "M")),
            {},
            {"type": "poll", "message": "Ukuran?", "pollname": "", "choices": []},
        ),
    ],
)
def test_each_kind_of_content_fills_its_keys(
    content: StoredContent, about: dict[str, object], expected: dict[str, object]
) -> None:
    """And all other keys are there, empty."""
    told = json.loads(body(telling(content, **about)) or b"")
    assert {key: told[key] for key in expected} == expected
    assert told.keys() == CAPTURED.keys() | LATER.keys()


def test_what_was_pressed_is_told_with_its_id() -> None:
    """`text` is a button's, as Fonnte says; `buttonid` is ours and stands nowhere else."""
    told = json.loads(body(telling(Chosen(id="paket-1", title="Hemat"))) or b"")
    expected = {"type": "button", "message": "Hemat", "pesan": "Hemat", "text": "Hemat", BUTTON_ID: "paket-1"}
    assert {key: told[key] for key in expected} == expected
    assert told.keys() == CAPTURED.keys() | LATER.keys() | {BUTTON_ID}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            Contacts(contacts=(Contact(name="Siti", phones=("+62 812", "021")),)),
            {
                "type": "contact",
                "message": "non-text message",
                CONTACTS: [{"name": "Siti", "phones": ["+62 812", "021"]}],
            },
        ),
        (
            Reaction(emoji="👍", about=WaId("W1")),
            {"type": "reaction", "message": "👍", "text": "non-button message", REACTION: "👍", REACTION_ID: "W1"},
        ),
        (
            Reaction(emoji="", about=WaId("W1")),
            {"type": "reaction", "message": "non-text message", REACTION: "", REACTION_ID: "W1"},
        ),
        (NotShown(kind="order"), {"type": "order", "message": "non-text message"}),
        (NotShown(kind="edit", text="Besok"), {"type": "edit", "message": "Besok"}),
    ],
)
def test_what_fonnte_has_no_key_for_is_told_beside_its_own(
    content: StoredContent, expected: dict[str, object]
) -> None:
    """Fonnte's keys say that it is no text; ours stand there only with such a message."""
    told = json.loads(body(telling(content)) or b"")
    assert {key: told[key] for key in expected} == expected
    assert told.keys() == CAPTURED.keys() | LATER.keys() | ({CONTACTS, REACTION, REACTION_ID} & expected.keys())


def test_a_group_is_the_sender_and_its_member_stands_apart() -> None:
    """The member by bare digits, also when the address is one that hides the phone number."""
    told = json.loads(body(telling(Text(body="Halo @628111")), chat=GROUP) or b"")
    group = {"sender": GROUP, "pengirim": GROUP, "member": "628222", "isgroup": True, "message": "Halo @628111"}
    hidden = json.loads(body(telling(Text(body="Halo")), chat=GROUP, sender=Address("777@lid")) or b"")

    assert {key: told[key] for key in group} == group
    assert (hidden["member"], hidden["mode"], hidden["memberlid"]) == ("777", "lid", "777")


def test_every_key_of_the_table_is_told() -> None:
    """`device` and `url` are known at delivery alone."""
    assert KEYS.keys() | {"device", "url"} == CAPTURED.keys() | LATER.keys()


def test_what_the_settings_keep_from_webhooks_is_not_told() -> None:
    """The fact is there, and has nothing to tell."""
    assert body(None) is None


def test_a_configured_secret_rides_along_and_no_token() -> None:
    """As in the other bodies."""
    told = body(telling(Text(body="Halo")), secret_key="s3cret") or b""
    assert json.loads(told)["secret_key"] == "s3cret"
    assert b"TOKEN" not in told


async def test_repeats_have_the_same_bytes_and_come_in_order(stage: Stage, receiver: Receiver) -> None:
    """Through the log of both engines; the first is refused for a while, and the same one twice is once."""
    await stage.set(DEVICE, receiver.url(), EndpointKind.MESSAGE)
    receiver.answer = lambda _got: "200 OK" if len(receiver.got) >= 2 else "503 Busy"
    runner = await stage.start()
    await _receive(stage, 1, Text(body="satu \N{DOVE OF PEACE}\0"))
    await stage.failed(runner, 1)
    await _receive(stage, 1, Text(body="satu"))
    await _receive(stage, 2, Text(body="dua"))
    stage.wait_for_retry()
    await stage.failed(runner, 2)
    stage.wait_for_retry()
    await receiver.until(lambda: len(receiver.got) == 4)

    assert len({got.raw for got in receiver.got[:3]}) == len({got.event for got in receiver.got[:3]}) == 1
    assert [got.body["message"] for got in receiver.got[2:]] == ["satu \N{DOVE OF PEACE}\0", "dua"]


async def test_a_vote_names_the_poll_that_the_device_sent(stage: Stage, receiver: Receiver) -> None:
    """By the caller's name of it, else by its question; one that nobody knows has none."""
    await stage.set(DEVICE, receiver.url(), EndpointKind.MESSAGE)
    await stage.storage.write(
        _send_poll, 50, WaId("P1"), Poll(question="Ukuran?", choices=("S", "M"), name="ukuran")
    )
    await stage.storage.write(_send_poll, 51, WaId("P2"), Poll(question="Ukuran?", choices=("S", "M")))
    await stage.start()
    for n, wa_id in enumerate(("P1", "P2", "P3"), 1):
        await _receive(stage, n, Vote(poll=WaId(wa_id), choices=("M",)))
    await receiver.until(lambda: len(receiver.got) == 3)

    assert [got.body["choices"] for got in receiver.got] == [["M"]] * 3
    assert [got.body["pollname"] for got in receiver.got] == ["ukuran", "Ukuran?", ""]


async def _send_poll(tx: Tx, id_: int, wa_id: WaId, poll: Poll) -> None:
    """As if the network had acknowledged it under this id."""
    await accept_calls(tx, [a_call(a_draft(id_, account=ACCOUNT, device=DEVICE, content=poll))])
    await tx.run("UPDATE message SET wa_id = $2 WHERE id = $1", id_, wa_id)


async def _receive(stage: Stage, n: int, content: StoredContent) -> None:
    incoming = Incoming(
        id=MessageId(next(stage.ids)),
        account=ACCOUNT,
        device=DEVICE,
        chat=BUDI,
        sender=BUDI,
        name="Budi",
        wa_id=WaId(f"IN{n}"),
        content=content,
        reply_to=None,
        at=AT,
    )
    await stage.storage.write(receive_messages, [incoming])
    stage.ring()
