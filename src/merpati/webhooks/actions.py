"""Changing endpoints, and what to do with dead letters."""

from collections.abc import Callable

import msgspec
from msgspec import structs

from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId, DeviceId, EndpointId
from merpati.log.readers import close_cursors, open_cursors
from merpati.storage.clock import database_now
from merpati.storage.port import Tx
from merpati.webhooks import store, store_lanes
from merpati.webhooks.model import (
    LIFE,
    MOST_ENDPOINTS,
    READER,
    DeadLetter,
    Endpoint,
    EndpointEvent,
    EndpointKind,
    EndpointState,
    ReplayRow,
    in_order,
    replaced_secrets,
)

LONGEST_URL = 2_000


class NewEndpoint(msgspec.Struct, frozen=True):
    """What an endpoint needs that must not be drawn inside a transaction; unused when there is one already."""

    id: EndpointId
    secret_sealed: str
    """Of `signing.format_secret`, sealed for ("endpoint", id)."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint of one's own is to be; an empty `devices`: every device of the account."""

    name: str
    kinds: tuple[EndpointKind, ...]
    devices: tuple[DeviceId, ...]
    url: str
    key_sealed: str = ""
    is_on: bool = True


async def set_endpoint(
    tx: Tx, account: AccountId, device: DeviceId, kind: EndpointKind, url: str, new: NewEndpoint
) -> None:
    """Tell facts of this device to `url` from now on; an empty `url` ends that.

    A new endpoint, or one that was disabled, begins at the log's head. An active one keeps what waits for it and
    is tried again at once, at the new address: that is how one mends a wrong URL. May run twice. The URL has been
    checked (`egress.client.Egress.check_url`); raises `Refusal(URL_INVALID)` when it is too long. Source: Fonnte
    docs, API update device, `webhook…`.
    """
    await tx.lock([account])  # nobody else makes it until this is over
    slot = await store.slot_of(tx, account, device, kind)
    known = await _held(tx, slot.id) if slot is not None else None
    if known is None and url:
        await _add(tx, _endpoint(new, account, url, kinds=(kind,), devices=(device,), is_slot=True))
    elif known is not None and url:
        await _change(tx, structs.replace(known, url=_short(url)))
    elif known is not None and known.state is not EndpointState.REMOVED:
        await _end(tx, known, EndpointEvent.UNSET)


async def add_endpoint(tx: Tx, account: AccountId, wanted: Wanted, new: NewEndpoint) -> None:
    """One more endpoint; it begins at the log's head. May run twice. The URL has been checked.

    Raises `Refusal` (TOO_MANY_WEBHOOKS, INPUT_INVALID for no kind, URL_INVALID).
    """
    await tx.lock([account])
    if await store.endpoint_by_id(tx, new.id) is not None:
        return
    if await store.count_own(tx, account, EndpointState.REMOVED) >= MOST_ENDPOINTS:
        raise Refusal(Code.TOO_MANY_WEBHOOKS, most=MOST_ENDPOINTS)
    made = _endpoint(new, account, wanted.url, kinds=(), devices=(), is_slot=False)
    made = _as_wanted(made, wanted)
    await _add(tx, made)
    if not wanted.is_on:
        await _end(tx, made, EndpointEvent.SWITCHED_OFF)


async def change_endpoint(tx: Tx, endpoint: EndpointId, change: Callable[[Endpoint], Wanted]) -> None:
    """Make of it as it is now what `change` says, from the next fact on. May run twice. The URL has been checked.

    What waits is tried again at once; of that, what it is set to hear no more is not told. One that is switched off
    forgets what waits, and begins at the log's head when it is switched on. An address of a device keeps its device
    and kind. Raises `Refusal` (WEBHOOK_UNKNOWN, INPUT_INVALID for no kind, URL_INVALID).
    """
    known = await _held(tx, endpoint)
    if known is None or known.state is EndpointState.REMOVED:
        raise Refusal(Code.WEBHOOK_UNKNOWN)
    wanted = change(known)
    if known.is_slot:
        wanted = structs.replace(wanted, kinds=known.kinds, devices=known.devices)
    changed = _as_wanted(known, wanted)
    if wanted.is_on:
        await _change(tx, changed)
    else:
        await store.update_endpoint(tx, changed)
        await _end(tx, changed, EndpointEvent.SWITCHED_OFF)


def _endpoint(
    new: NewEndpoint,
    account: AccountId,
    url: str,
    *,
    kinds: tuple[EndpointKind, ...],
    devices: tuple[DeviceId, ...],
    is_slot: bool,
) -> Endpoint:
    return Endpoint(
        id=new.id,
        account=account,
        is_slot=is_slot,
        kinds=kinds,
        devices=devices,
        url=_short(url),
        secret_sealed=new.secret_sealed,
        state=EndpointState.ACTIVE,
    )


def _as_wanted(endpoint: Endpoint, wanted: Wanted) -> Endpoint:
    if not wanted.kinds:
        raise Refusal(Code.INPUT_INVALID, field="kinds")
    return structs.replace(
        endpoint,
        name=wanted.name.strip(),
        kinds=in_order(wanted.kinds),
        devices=tuple(sorted(set(wanted.devices))),
        url=_short(wanted.url),
        key_sealed=wanted.key_sealed,
    )


def _short(url: str) -> str:
    if len(url) > LONGEST_URL:
        raise Refusal(Code.URL_INVALID, reason="url")
    return url


async def _held(tx: Tx, endpoint: EndpointId) -> Endpoint | None:
    """As it is; nobody else changes it until this is over."""
    await store.touch_endpoint(tx, endpoint)
    return await store.endpoint_by_id(tx, endpoint)


async def _add(tx: Tx, endpoint: Endpoint) -> None:
    await store.insert_endpoint(tx, endpoint)
    await open_cursors(tx, READER, [(endpoint.id, endpoint.account)])


async def _change(tx: Tx, known: Endpoint) -> None:
    state = LIFE.next(known.state, EndpointEvent.SET)
    if known.state is EndpointState.ACTIVE:
        await store_lanes.calm_lanes_of(tx, known.id)
    else:
        await open_cursors(tx, READER, [(known.id, known.account)])
    await store.update_endpoint(tx, structs.replace(known, state=state, state_reason=""))


async def _end(tx: Tx, known: Endpoint, event: EndpointEvent) -> None:
    state = LIFE.next(known.state, event)
    url = "" if state is EndpointState.REMOVED else known.url
    await store.update_endpoint(tx, structs.replace(known, url=url, state=state, state_reason=event.value))
    await store_lanes.delete_lanes_of(tx, known.id)
    await close_cursors(tx, READER, [(known.id, known.account)])


async def remove_endpoint(tx: Tx, endpoint: EndpointId) -> None:
    """It is told no more, and what waits for it is dropped. May run twice."""
    known = await _held(tx, endpoint)
    if known is not None and known.state is not EndpointState.REMOVED:
        await _end(tx, known, EndpointEvent.UNSET)


async def try_now(tx: Tx, endpoint: EndpointId) -> None:
    """What waits for it is tried at once, and its ladder begins anew. May run twice."""
    await store_lanes.calm_lanes_of(tx, endpoint)
    await store.touch_endpoint(tx, endpoint)


async def rotate_secret(tx: Tx, endpoint: EndpointId, sealed: str, overlap_ms: int = 0) -> Millis:
    """Calls are signed with this secret from now on; answers until when with the old one as well.

    Without an overlap no old one signs any more, those of earlier overlaps included. Raises
    `Refusal(WEBHOOK_UNKNOWN)`. May run twice.
    """
    known = await _held(tx, endpoint)
    if known is None:
        raise Refusal(Code.WEBHOOK_UNKNOWN)
    now = await database_now(tx)
    until = Millis(now + overlap_ms)
    if known.secret_sealed != sealed:
        await store.set_secret(tx, endpoint, sealed, replaced_secrets(known, now, until))
    return until


async def remove_endpoints(tx: Tx, account: AccountId, device: DeviceId) -> None:
    """The device goes, and the endpoints that hear it alone; others hear it no more. May run twice."""
    for each in await store.endpoints_of_account(tx, account):
        known = await _held(tx, each.id) if device in each.devices else None
        if known is None or device not in known.devices or known.state is EndpointState.REMOVED:
            continue
        others = tuple(other for other in known.devices if other != device)
        if others:
            await store.update_endpoint(tx, structs.replace(known, devices=others))
        else:
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
    row = ReplayRow(endpoint, device, letter.first, letter.last, letter.first, tx.now)
    await store_lanes.insert_replay(tx, row)
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
