"""Changing endpoints, and what to do with dead letters."""

import msgspec

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, DeviceId, EndpointId
from merpati.core.machine import ForbiddenTransition
from merpati.log.readers import close_cursors, open_cursors
from merpati.storage.clock import database_now
from merpati.storage.port import Tx
from merpati.webhooks import store, store_lanes
from merpati.webhooks.model import (
    LIFE,
    READER,
    DeadLetter,
    Endpoint,
    EndpointEvent,
    EndpointKind,
    EndpointState,
    ReplayRow,
    replaced_secrets,
)

LONGEST_URL = 2_000


class NewEndpoint(msgspec.Struct, frozen=True):
    """What an endpoint needs that must not be drawn inside a transaction; unused when there is one already."""

    id: EndpointId
    secret_sealed: str
    """Of `signing.format_secret`, sealed for ("endpoint", id)."""


async def set_endpoint(
    tx: Tx, account: AccountId, device: DeviceId, kind: EndpointKind, url: str, new: NewEndpoint
) -> None:
    """Tell facts of this device to `url` from now on; an empty `url` ends that.

    A new endpoint, or one that was disabled, begins at the log's head. An active one keeps what waits for it and
    is tried again at once, at the new address: that is how one mends a wrong URL. May run twice. The URL has been
    checked (`egress.client.Egress.check_url`); raises `Refusal(URL_INVALID)` when it is too long. Source: Fonnte
    docs, API update device, `webhook…`.
    """
    if len(url) > LONGEST_URL:
        raise Refusal(Code.URL_INVALID, reason="url")
    known = await store.endpoint_of(tx, account, device, kind)
    if known is None and url:
        await _add(tx, account, device, kind, url, new)
    elif known is not None and url:
        await _set(tx, known, url)
    elif known is not None and known.state is not EndpointState.REMOVED:
        await _end(tx, known, EndpointEvent.UNSET)


async def _add(
    tx: Tx, account: AccountId, device: DeviceId, kind: EndpointKind, url: str, new: NewEndpoint
) -> None:
    endpoint = Endpoint(
        id=new.id,
        account=account,
        device=device,
        kind=kind,
        url=url,
        secret_sealed=new.secret_sealed,
        state=EndpointState.ACTIVE,
        state_reason="",
        version=1,
    )
    await store.insert_endpoint(tx, endpoint)
    await open_cursors(tx, READER, [(new.id, account)])


async def _set(tx: Tx, known: Endpoint, url: str) -> None:
    state = LIFE.next(known.state, EndpointEvent.SET)
    if known.state is EndpointState.ACTIVE:
        await store_lanes.calm_lanes_of(tx, known.id)
    else:
        await open_cursors(tx, READER, [(known.id, known.account)])
    await store.change_endpoint(tx, known.id, url, state, "")


async def _end(tx: Tx, known: Endpoint, event: EndpointEvent) -> None:
    state = LIFE.next(known.state, event)
    url = "" if state is EndpointState.REMOVED else known.url
    await store.change_endpoint(tx, known.id, url, state, event.value)
    await store_lanes.delete_lanes_of(tx, known.id)
    await close_cursors(tx, READER, [(known.id, known.account)])


async def disable_endpoint(tx: Tx, account: AccountId, endpoint: EndpointId) -> None:
    """Call it no more until it is set again; what waits for it is dropped. May run twice."""
    known = await store.endpoint_by_id(tx, endpoint)
    if known is None or known.account != account:
        raise Refusal(Code.INPUT_INVALID, field="endpoint")
    try:
        await _end(tx, known, EndpointEvent.SWITCHED_OFF)
    except ForbiddenTransition:
        raise Refusal(Code.INPUT_INVALID, field="endpoint") from None


async def try_now(tx: Tx, endpoint: EndpointId) -> None:
    """What waits for it is tried at once, and its ladder begins anew. May run twice."""
    await store_lanes.calm_lanes_of(tx, endpoint)
    await store.touch_endpoint(tx, endpoint)


async def rotate_secret(tx: Tx, endpoint: EndpointId, sealed: str, overlap_ms: int = 0) -> Millis:
    """Calls are signed with this secret from now on; answers until when with the old one as well.

    Without an overlap no old one signs any more, those of earlier overlaps included. Raises
    `Refusal(WEBHOOK_UNKNOWN)`. May run twice.
    """
    await store.touch_endpoint(tx, endpoint)  # nobody else changes it until this is over
    known = await store.endpoint_by_id(tx, endpoint)
    if known is None:
        raise Refusal(Code.WEBHOOK_UNKNOWN)
    now = await database_now(tx)
    until = Millis(now + overlap_ms)
    if known.secret_sealed != sealed:
        await store.set_secret(tx, endpoint, sealed, replaced_secrets(known, now, until))
    return until


async def remove_endpoints(tx: Tx, device: DeviceId) -> None:
    """The device goes, and its endpoints with it. May run twice."""
    for known in await store.endpoints_of_device(tx, device):
        await _end(tx, known, EndpointEvent.UNSET)


async def replay_dead_letter(
    tx: Tx, account: AccountId, endpoint: EndpointId, device: DeviceId, first: int
) -> DeadLetter:
    """Deliver this dead letter after all, one fact or a range, in order, beside what is new.

    What the log has forgotten meanwhile comes back as a dead letter. Raises `Refusal(INPUT_INVALID)` when there is
    no such dead letter of this account, or its endpoint is not active.
    """
    known = await store.endpoint_by_id(tx, endpoint)
    if known is None or known.account != account or known.state is not EndpointState.ACTIVE:
        raise Refusal(Code.INPUT_INVALID, field="endpoint")
    letter = await store.take_dead(tx, endpoint, device, first)
    if letter is None:
        raise Refusal(Code.INPUT_INVALID, field="first")
    await store_lanes.insert_replay(tx, ReplayRow(endpoint, device, letter.first, letter.last, letter.first))
    await store.touch_endpoint(tx, endpoint)
    return letter


async def drop_dead_letter(tx: Tx, account: AccountId, endpoint: EndpointId, device: DeviceId, first: int) -> None:
    """Forget this dead letter. May run twice."""
    known = await store.endpoint_by_id(tx, endpoint)
    if known is not None and known.account == account:
        await store.take_dead(tx, endpoint, device, first)


async def forget_calls(tx: Tx, before: int, limit: int) -> int:
    """Drop up to `limit` calls and as many dead letters older than `before`: the log has no facts of that age.

    Answers how many went. May run twice.
    """
    return await store.delete_before(tx, before, limit)
