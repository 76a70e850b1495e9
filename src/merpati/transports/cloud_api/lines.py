"""Lines: which of Meta's numbers a device is, with the secrets that go with it.

Source: Meta's Cloud API, "Get started": a number is named by its `phone_number_id`, a call carries an access token,
a webhook is signed with the app's secret, and its address is proved by a verify token of our own.
"""

from collections.abc import Sequence

import msgspec

from merpati.core.clock import Millis
from merpati.core.ids import AccountId, DeviceId
from merpati.core.tokens import Sealer
from merpati.storage.port import Row, Tx, Violation
from merpati.transports.cloud_api import store

KIND = "cloud_line"
"""What the secrets are sealed as."""


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What nobody may read in the database, a log or a page."""

    token: str
    """Meta's access token."""
    app_secret: str
    """Of the app whose webhooks tell of this number; signs them."""
    verify_token: str
    """Ours: Meta repeats it when the webhook's address is entered there."""

    def __repr__(self) -> str:
        return "Secrets(…)"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A device's number at Meta."""

    device: DeviceId
    account: AccountId
    number_id: str
    business_id: str
    sealed: str
    changed_at: Millis
    heard_at: Millis = Millis(0)
    """When Meta's last webhook came; 0: none did."""
    answered_at: Millis = Millis(0)
    """When Meta's challenge to the address was answered; 0: never."""

    def secrets(self, sealer: Sealer) -> Secrets:
        """Raises `CannotUnseal`."""
        return _secrets.decode(sealer.unseal(KIND, self.device, self.sealed))


class LineTaken(Exception):
    """The number belongs to another device."""


_secrets = msgspec.json.Decoder(Secrets)


def seal_secrets(sealer: Sealer, device: DeviceId, secrets: Secrets) -> str:
    """For `Line.sealed`; twice gives two texts."""
    return sealer.seal(KIND, device, msgspec.json.encode(secrets).decode())


async def set_line(tx: Tx, line: Line) -> None:
    """Make the device this number, whatever it was before. Raises `LineTaken`. May run twice.

    `heard_at` and `answered_at` are not stored: only Meta's calls move them.
    """
    holder = await store.holder_of(tx, line.number_id)
    if holder is not None and holder != line.device:
        raise LineTaken
    try:
        await store.put_line(
            tx, (line.device, line.account, line.number_id, line.business_id, line.sealed, line.changed_at)
        )
    except Violation:
        raise LineTaken from None


async def answer_line(tx: Tx, device: DeviceId) -> None:
    """Meta's challenge was answered. May run twice."""
    await store.mark_answered(tx, device, tx.now)


async def drop_line(tx: Tx, device: DeviceId) -> None:
    """Forget the number with its secrets, what Meta told of it, and templates that are nobody's then. May run
    twice."""
    line = await find_line(tx, device)
    await store.delete_line(tx, device)
    if line is not None:
        await store.delete_templates_of_nobody(tx, line.account, line.business_id)
    await store.delete_news_of(tx, device)


async def find_line(tx: Tx, device: DeviceId) -> Line | None:
    row = await store.line_row(tx, device)
    return _line(row) if row is not None else None


async def lines_of_numbers(tx: Tx, account: AccountId, numbers: Sequence[str]) -> dict[str, DeviceId]:
    """The account's devices that are these numbers."""
    return {number: device for number, device, owner in await store.devices_of(tx, numbers) if owner == account}


async def lines_among(tx: Tx, account: AccountId, numbers: Sequence[str]) -> list[Line]:
    """The account's lines that are these numbers."""
    devices = (await lines_of_numbers(tx, account, numbers)).values()
    rows = [await store.line_row(tx, device) for device in sorted(devices)]
    return [_line(row) for row in rows if row is not None]


def _line(row: Row) -> Line:
    device, account, number_id, business_id, sealed, changed_at, heard_at, answered_at = row
    return Line(
        device=DeviceId(device),
        account=AccountId(account),
        number_id=number_id,
        business_id=business_id,
        sealed=sealed,
        changed_at=Millis(changed_at),
        heard_at=Millis(heard_at),
        answered_at=Millis(answered_at),
    )
