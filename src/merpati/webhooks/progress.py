"""What an endpoint at work must store of itself: its cursor, its lanes apart, what it gave up. Pure."""

import msgspec

from merpati.core.ids import AccountId, DeviceId, EndpointId
from merpati.log.model import Cursor
from merpati.webhooks.hook import Hook
from merpati.webhooks.lanes import Lane
from merpati.webhooks.model import DeadLetter, LaneRow, OutageRow, ReplayRow


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What changed since the last time."""

    endpoint: EndpointId
    account: AccountId
    cursor: int
    lanes: tuple[LaneRow, ...]
    rejoined: tuple[DeviceId, ...]
    outage: OutageRow | None
    """As it is now, when it is not as stored."""
    recovered: bool
    """It has ended."""
    replays: tuple[ReplayRow, ...]
    replayed: tuple[ReplayRow, ...]
    """Those that are done."""
    dead: tuple[DeadLetter, ...]
    gone: bool
    """The endpoint answered 410."""

    def as_cursor(self) -> Cursor:
        return Cursor(self.endpoint, self.account, self.cursor)


def take_progress(hook: Hook) -> Progress | None:
    """What there is to store, None when nothing. `mark_saved` follows once it is stored."""
    _rejoin(hook)
    rows = {device: _lane_row(hook, lane) for device, lane in hook.lanes.items() if lane.apart}
    replays = {key: row for key, lane in hook.replays.items() if (row := _replay_row(lane)) is not None}
    outage = _outage_row(hook)
    progress = Progress(
        endpoint=hook.endpoint.id,
        account=hook.endpoint.account,
        cursor=cursor_of(hook),
        lanes=tuple(row for device, row in rows.items() if hook.saved_rows.get(device) != row),
        rejoined=tuple(device for device in hook.saved_rows if device not in rows),
        outage=outage if outage != hook.saved_outage else None,
        recovered=outage is None and hook.saved_outage is not None,
        replays=tuple(row for key, row in replays.items() if hook.saved_replays.get(key) != row),
        replayed=tuple(row for key, row in hook.saved_replays.items() if key not in replays),
        dead=tuple(hook.dead),
        gone=hook.gone,
    )
    rows_changed = (progress.lanes, progress.rejoined, progress.replays, progress.replayed, progress.dead)
    is_news = any(rows_changed) or progress.outage is not None or progress.recovered or hook.gone
    return progress if is_news or progress.cursor > hook.saved_seq else None


def mark_saved(hook: Hook, progress: Progress) -> None:
    """The progress is stored."""
    hook.saved_seq = max(hook.saved_seq, progress.cursor)
    hook.saved_rows |= {row.device: row for row in progress.lanes}
    for device in progress.rejoined:
        hook.saved_rows.pop(device, None)
    if progress.outage is not None or progress.recovered:
        hook.saved_outage = progress.outage
    hook.saved_replays |= {(row.device, row.first): row for row in progress.replays}
    for done in progress.replayed:
        hook.saved_replays.pop((done.device, done.first), None)
    del hook.dead[: len(progress.dead)]


def cursor_of(hook: Hook) -> int:
    """Up to here everything was delivered, or stands apart, or was given up."""
    waiting = (lane.pending[0].seq - 1 for lane in hook.lanes.values() if lane.pending and not lane.apart)
    return min(waiting, default=hook.read_seq)


def _rejoin(hook: Hook) -> None:
    """A lane that has caught up goes with the cursor again, when the cursor has not passed what still waits."""
    for device, lane in list(hook.lanes.items()):
        if lane.apart and not lane.behind and lane.trouble is None:
            lane.apart = lane.oldest is not None and lane.oldest <= hook.saved_seq
        if not (lane.apart or lane.pending or lane.busy):
            del hook.lanes[device]


def _lane_row(hook: Hook, lane: Lane) -> LaneRow:
    trouble = lane.trouble
    return LaneRow(
        endpoint=hook.endpoint.id,
        device=lane.device,
        seq=lane.oldest if lane.oldest is not None else hook.read_seq + 1,
        attempt=trouble.attempt if trouble else 0,
        refusals=lane.refusals,
        next_try_at=trouble.next_try_at if trouble else 0,
        since_at=trouble.since_at if trouble else 0,
    )


def _outage_row(hook: Hook) -> OutageRow | None:
    outage = hook.outage
    if outage is None:
        return None
    return OutageRow(hook.endpoint.id, outage.attempt, outage.since_at, outage.next_try_at)


def _replay_row(lane: Lane) -> ReplayRow | None:
    if lane.replay is None or lane.oldest is None:
        return None
    return lane.replay._replace(next=lane.oldest)
