"""What was sent is edited and deleted for everyone, by `/messages/{id}/edit` and `/revoke`."""

from merpati.messages.handover import Outcome
from tests.api.harness import ONE, Api
from tests.api.v1.browser import Browser
from tests.api.v1.messages import send, send_and_end


async def test_a_message_that_was_sent_is_edited(both: Api, ayu: Browser) -> None:
    """The edit is queued as a message of its own, once for the same key; the sender is woken."""
    id_ = await send_and_end(both, Outcome.SENT)
    can = (await ayu.ask("GET", f"/messages/{id_}")).body["can"]
    assert (can["edit"], can["revoke"]) == (True, True)

    answered = await ayu.ask("POST", f"/messages/{id_}/edit", {"text": "Besok saja"})

    assert (answered.status, answered.body["id"]) == (200, id_)
    listed = (await ayu.ask("GET", "/messages")).body["items"]
    newest = listed[0]
    assert (newest["content"], newest["text"], newest["state"]) == ("edit", "Besok saja", "queued")
    assert both.woken[-1][0] == ONE


async def test_a_message_that_was_sent_is_deleted_for_everyone(both: Api, ayu: Browser) -> None:
    """What is queued still is taken back otherwise, and what comes in is not ours to delete."""
    id_ = await send_and_end(both, Outcome.SENT)
    assert (await ayu.ask("POST", f"/messages/{id_}/revoke")).status == 200
    assert (await ayu.ask("GET", "/messages")).body["items"][0]["content"] == "revoke"

    waiting = await send(both)
    refused = await ayu.ask("POST", f"/messages/{waiting}/revoke")
    assert (refused.status, refused.code) == (409, "change_impossible")
    assert (await ayu.ask("POST", "/messages/99/revoke")).code == "message_unknown"


async def test_an_edit_without_words_is_refused(both: Api, ayu: Browser) -> None:
    """Nor one that is too long."""
    id_ = await send_and_end(both, Outcome.SENT)
    for text in ("", "x" * 60_001):
        answered = await ayu.ask("POST", f"/messages/{id_}/edit", {"text": text})
        assert (answered.status, answered.code) == (422, "input_invalid")
