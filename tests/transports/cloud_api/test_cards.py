"""Contact cards and reactions at Meta: pywa would post the same, and the fake Graph takes what we post."""

import json
from typing import Any

import pytest
from pywa.client import WhatsApp
from pywa.types.others import Contact as PywaContact

from merpati.core.errors import Code
from merpati.core.ids import Address, WaId, WireRef
from merpati.fakes.graph.bodies import Asked, parse
from merpati.transports.cards import Contact, Contacts, Reaction
from merpati.transports.cloud_api.bodies import body_of
from merpati.transports.port import Content, Outbound, SendError, SendFault
from tests.transports.cloud_api.test_interactive import plain

TO = "6281234567890"
SITI = Contacts(contacts=(Contact(name="Siti", phones=("+62 812-1", "021")),))
THUMB = Reaction(emoji="👍", about=WaId("wamid.Q"))


def body_for(content: Content) -> dict[str, Any]:
    return body_of(Outbound(ref=WireRef("3EB0REF"), chat=Address(TO), content=content))


def pywa_posts(method: str, **asked: object) -> dict[str, Any]:
    """The body that pywa would post: its own session is asked, which keeps it and fails."""
    kept: list[dict[str, Any]] = []
    client = WhatsApp(phone_id="55", token="t")

    def keep(**request: Any) -> None:  # noqa: ANN401 - whatever pywa gives its session
        kept.append(request["json"])
        raise ConnectionError

    client.api._session.request = keep  # type: ignore[method-assign, assignment]
    with pytest.raises(ConnectionError):
        getattr(client, method)(TO, **asked)
    client.api._session.close()
    posted: dict[str, Any] = json.loads(json.dumps(kept[0]))
    return posted


def test_pywa_would_post_the_same() -> None:
    """Whoever wrote pywa read Meta's documentation for themselves."""
    card = PywaContact(
        name=PywaContact.Name(formatted_name="Siti", first_name="Siti"),
        phones=[PywaContact.Phone(phone="+62 812-1", wa_id="628121"), PywaContact.Phone(phone="021")],
    )
    theirs = pywa_posts("send_contact", contact=card)
    assert plain(body_for(SITI)["contacts"]) == plain(theirs["contacts"])
    reacted = pywa_posts("send_reaction", emoji="👍", message_id="wamid.Q")
    assert body_for(THUMB)["reaction"] == reacted["reaction"]


@pytest.mark.parametrize("content", [SITI, THUMB, Reaction(emoji="", about=WaId("wamid.Q"))])
def test_the_fake_graph_takes_the_body(content: Content) -> None:
    """With our reference."""
    asked = parse(body_for(content))
    assert isinstance(asked, Asked)
    assert asked.tracker == "3EB0REF"


def test_what_meta_would_refuse_is_not_posted() -> None:
    """By the fault of the content."""
    with pytest.raises(SendError) as refused:
        body_for(Contacts(contacts=()))
    assert (refused.value.fault, refused.value.code) == (SendFault.CONTENT, Code.CONTENT_REFUSED)
