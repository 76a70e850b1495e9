"""What Meta posts to us: only what is signed is Meta's, and no JSON is more than one named refusal."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merpati.core.ids import DeviceId, WaId
from merpati.transports.cards import Contact, Contacts, NotShown, Reaction
from merpati.transports.cloud_api.errors import Act
from merpati.transports.cloud_api.webhooks import (
    Attachment,
    NotMetas,
    Said,
    Told,
    challenge_of,
    event_of,
    is_signed,
    read_news,
)
from merpati.transports.port import Receipt, ReceiptKind, Text

KEYS = [
    "object",
    "entry",
    "changes",
    "value",
    "metadata",
    "phone_number_id",
    "statuses",
    "messages",
    "contacts",
    "errors",
    "id",
    "status",
    "type",
    "text",
    "from",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)
TEXT = {"from": "628111", "id": "wamid.T", "timestamp": "1760000000", "type": "text", "text": {"body": "Halo"}}
READ = {"id": "wamid.S", "status": "read", "timestamp": "1760000001", "recipient_id": "628111"}


def posted(*values: dict[str, Any]) -> bytes:
    changes = [{"field": "messages", "value": {"metadata": {"phone_number_id": "55"}, **each}} for each in values]
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"changes": changes}]}).encode()


def test_only_the_secret_signs() -> None:
    """Over the raw bytes; RFC 4231's second case is the vector."""
    good = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert is_signed("Jefe", b"what do ya want for nothing?", good)
    assert not is_signed("Jefe", b"what do ya want for nothing!", good)
    assert not is_signed("Jefe", b"", "")
    assert not is_signed("Jefe", b"", "é")


def test_the_challenge_is_given_back_for_our_token_alone() -> None:
    """An empty token is nobody's."""
    query = {"hub.mode": "subscribe", "hub.verify_token": "t", "hub.challenge": "9"}
    assert challenge_of(query, "t") == "9"
    assert challenge_of(query, "u") is None
    assert challenge_of({**query, "hub.verify_token": ""}, "") is None


def test_a_text_and_a_receipt_become_events() -> None:
    """With the name that the contacts give."""
    contact = {"wa_id": "628111", "profile": {"name": "Ani"}}
    told, said = read_news(posted({"messages": [TEXT], "contacts": [contact], "statuses": [READ]}))
    assert isinstance(told, Told) and isinstance(said, Said)
    receipt = event_of(DeviceId(1), told)
    assert isinstance(receipt, Receipt)
    assert receipt.kind is ReceiptKind.READ
    assert (said.content, said.sender.name) == (Text(body="Halo"), "Ani")


def test_somebody_without_a_number_is_known_by_metas_id() -> None:
    """A user with a username may show none."""
    [news] = read_news(posted({"messages": [{**TEXT, "from": None, "from_user_id": "ID.9"}]}))
    assert isinstance(news, Said)
    assert (news.sender.id, news.sender.phone) == ("ID.9", None)


def test_a_failure_says_what_follows() -> None:
    """By Meta's code, with our reference."""
    failed = {**READ, "status": "failed", "errors": [{"code": 131047}], "biz_opaque_callback_data": "r"}
    [news] = read_news(posted({"statuses": [failed]}))
    assert isinstance(news, Told)
    assert news.trouble is not None
    assert (news.trouble.act, news.ref) == (Act.WINDOW, "r")


@pytest.mark.parametrize(
    ("word", "ref", "handed_at"),
    [
        ("r.1760000000000", "r", 1_760_000_000_000),
        ("a.b.7", "a.b", 7),
        *((word, word, 0) for word in ("r", "r.", ".5", "r.²", f"r.{'9' * 30}")),
        ("", None, 0),
    ],
)
def test_a_status_names_the_hand_over_that_it_is_about(word: str, ref: str | None, handed_at: int) -> None:
    """Behind our reference of the message; what was posted by an earlier version has none."""
    [news] = read_news(posted({"statuses": [{**READ, "biz_opaque_callback_data": word}]}))
    assert isinstance(news, Told)
    assert (news.ref, news.handed_at) == (ref, handed_at)


def test_what_we_do_not_know_is_kept() -> None:
    """A new kind of message is told as not shown; a file waits to be fetched."""
    image = {**TEXT, "id": "b", "type": "image", "image": {"id": "7", "mime_type": "image/png"}}
    new, file = read_news(posted({"messages": [{**TEXT, "type": "hologram"}, image]}))
    assert isinstance(new, Said)
    assert new.content == NotShown(kind="hologram")
    assert isinstance(file, Said)
    assert isinstance(file.content, Attachment)


CARD = {
    "name": {"formatted_name": "Siti", "first_name": "Siti"},
    "phones": [{"phone": "+62 812", "wa_id": "62812"}],
}
SITI = Contacts(contacts=(Contact(name="Siti", phones=("+62 812",)),))


@pytest.mark.parametrize(
    ("message", "content", "quoted"),
    [
        ({"type": "contacts", "contacts": [CARD]}, SITI, None),
        ({"type": "contacts", "contacts": {"contacts": [CARD], "origin": "other"}}, SITI, None),
        (
            {"type": "contacts", "contacts": [{"phones": [{"wa_id": "62812"}, {"type": "CELL"}]}, {"name": {}}, 7]},
            Contacts(contacts=(Contact(name="62812", phones=("62812",)),)),
            None,
        ),
        ({"type": "contacts", "contacts": []}, NotShown(kind="contacts"), None),
        (
            {"type": "reaction", "reaction": {"message_id": "wamid.Q", "emoji": "👍"}},
            Reaction(emoji="👍", about=WaId("wamid.Q")),
            None,
        ),
        (
            {"type": "reaction", "reaction": {"message_id": "wamid.Q"}},
            Reaction(emoji="", about=WaId("wamid.Q")),
            None,
        ),
        ({"type": "reaction", "reaction": {"emoji": "👍"}}, NotShown(kind="reaction"), None),
        (
            {
                "type": "edit",
                "edit": {"original_message_id": "wamid.O", "message": {"type": "text", "text": {"body": "Besok"}}},
            },
            NotShown(kind="edit", text="Besok"),
            "wamid.O",
        ),
        ({"type": "revoke", "revoke": {"original_message_id": "wamid.O"}}, NotShown(kind="revoke"), "wamid.O"),
        ({"type": "order", "order": {"text": "Dua"}}, NotShown(kind="order", text="Dua"), None),
        ({"type": "system", "system": {"body": "Ganti nomor"}}, NotShown(kind="system", text="Ganti nomor"), None),
        ({"type": "unsupported", "unsupported": {"type": "poll_creation"}}, NotShown(kind="poll_creation"), None),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, NotShown(kind="unsupported"), None),
        ({"type": "text", "text": {"body": "Halo"}, "group_id": "g"}, NotShown(kind="group text"), None),
        ({}, NotShown(kind="unknown"), None),
    ],
)
def test_nothing_that_somebody_wrote_goes_missing(
    message: dict[str, Any], content: object, quoted: str | None
) -> None:
    """Cards and reactions as such, the rest by Meta's word, with what can be read of it."""
    known = {key: value for key, value in TEXT.items() if key not in {"type", "text"}}
    [news] = read_news(posted({"messages": [{**known, **message}]}))
    assert isinstance(news, Said)
    assert (news.content, news.quoted) == (content, quoted)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"object": "page"}', b"[" * 100_000])
def test_what_is_not_metas_is_refused_by_name(body: bytes) -> None:
    """And by nothing else."""
    with pytest.raises(NotMetas):
        read_news(body)


@settings(max_examples=150)
@given(JSON, JSON)
def test_no_json_is_a_fault(value: object, change: object) -> None:
    """Whatever stands where, at the top or deeper down."""
    inner = value if isinstance(value, dict) else {"messages": value, "statuses": value}
    read_news(posted(inner, {"messages": [change], "statuses": [change], "contacts": [change]}))
    whole = {"object": "whatsapp_business_account", "entry": [change, {"changes": [value, {"value": change}]}]}
    read_news(json.dumps(whole).encode())


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1), st.randoms(use_true_random=False))
def test_repeats_and_disorder_tell_the_same(ids: list[str], rng: random.Random) -> None:
    """News are a set."""
    values: list[dict[str, Any]] = [{"messages": [{**TEXT, "id": each}]} for each in ids]
    mixed = values * 2
    rng.shuffle(mixed)
    assert set(read_news(posted(*values))) == set(read_news(posted(*mixed)))


@pytest.mark.parametrize(
    ("told", "at"), [("253402300799", 253_402_300_799_000), ("253402300800", 0), ("9" * 12, 0)]
)
def test_a_time_that_no_calendar_has_is_not_told(told: str, at: int) -> None:
    """A page that shows it would be broken by it."""
    (news,) = read_news(posted({"messages": [{**TEXT, "timestamp": told}]}))
    assert news.at == at
