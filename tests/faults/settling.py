"""Waits until a run has come to rest: all that was accepted is handed over, read, and told to the webhooks.

The wait gives up in the end without a word: what is missing then is first for the judge to say.
"""

import contextlib
from typing import Any

import msgspec

from merpati.transports.port import ReceiptKind
from merpati.transports.simulator.entries import AnyEntry, HandOff, Receipted
from tests.faults.evidence import Cancel, Case, mark_of
from tests.faults.judge import check
from tests.faults.process import now, until
from tests.faults.stage import Stage

REST_S = 180.0


class Rest:
    """What has happened so far, read on from where the last look ended."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._entries = self._calls = 0
        self._refs: dict[str, str] = {}
        """Of each mark that was taken."""
        self._read: set[str] = set()
        self._told: set[str] = set()

    def _look(self) -> None:
        journal, calls = self._stage.network.journal(), self._stage.receiver.calls
        for entry in journal[self._entries :]:
            self._note(entry)
        for call in calls[self._calls :]:
            body: dict[str, Any] = msgspec.json.decode(call.body)
            if call.status == 200 and body.get("state") == "read":
                self._told.add(body["stateid"])
        self._entries, self._calls = len(journal), len(calls)

    def _note(self, entry: AnyEntry) -> None:
        match entry:
            case HandOff(content=content) if content is not None:
                self._refs[mark_of(content)] = entry.ref
            case Receipted(kind=ReceiptKind.READ):
                self._read.add(entry.ref)

    def missing(self) -> dict[str, int]:
        """How much of what has not happened yet; empty: the run has come to rest."""
        self._look()
        wanted = [
            asked.mark
            for asked in self._stage.asked
            if asked.accepted
            and not asked.expired
            and asked.due_at <= now()
            and asked.cancel in (Cancel.NOT_ASKED, Cancel.REFUSED)
        ]
        refs = {self._refs[mark] for mark in self._refs}
        counts = {
            "not handed over": sum(mark not in self._refs for mark in wanted),
            "not read": len(refs - self._read),
            "not confirmed": sum(self._stage.network.backlog(sender.number) for sender in self._stage.senders),
            "not told": len(self._read - self._told),
        }
        return {what: count for what, count in counts.items() if count}


async def settle(stage: Stage, within_s: float = REST_S) -> Case:
    """Wait for the rest, end everything in order, and judge: every law; the evidence. Raises AssertionError."""
    rest = Rest(stage)

    async def is_calm() -> bool:
        return not rest.missing()

    with contextlib.suppress(AssertionError):
        await until(is_calm, within_s, "rest")
    missing = rest.missing()
    case = await stage.case()
    check(case)
    assert not missing
    return case
