"""Calls that spend a quota: judged in the transaction that accepts them. Pure.

Only calls of devices that have a quota are looked at, the others cost nothing.
"""

from collections.abc import Collection, Mapping

import msgspec

from merpati.core.ids import DeviceId, RequestId
from merpati.messages.model import Acceptance, Metered

Quotas = dict[DeviceId, int | None]


class Purse:
    """What the devices of a group of calls have left, as one call after another spends it."""

    def __init__(self, quotas: Mapping[DeviceId, int | None], stored: Collection[RequestId]) -> None:
        self._quotas, self._stored = dict(quotas), stored
        self.changed: dict[DeviceId, int] = {}

    def pay(self, call: Acceptance) -> Acceptance | None:
        """The call, with the answer that tells what was left before it; None: not enough is left.

        One that is stored already runs again, after a commit whose outcome was unknown: it has paid.
        """
        metered = call.metered
        if metered is None:
            return call
        uses = dict(metered.uses)
        if call.request.id in self._stored:
            return _shown(call, metered, {id_: _plus(self._quotas.get(id_), n) for id_, n in uses.items()})
        before = {id_: self._quotas.get(id_) for id_ in uses}
        left = {id_: quota - uses[id_] for id_, quota in before.items() if quota is not None}
        if any(each < 0 for each in left.values()):
            return None
        self._quotas.update(left)
        self.changed.update(left)
        return _shown(call, metered, before)


def _plus(quota: int | None, n: int) -> int | None:
    return None if quota is None else quota + n


def _shown(call: Acceptance, metered: Metered, before: Quotas) -> Acceptance:
    answer, request = metered.show(before)
    key = call.idempotency and msgspec.structs.replace(call.idempotency, answer=answer)
    shown = msgspec.structs.replace(metered, answer=answer)
    return msgspec.structs.replace(call, request=request, idempotency=key, metered=shown)
