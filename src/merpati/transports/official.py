"""The port to official numbers: Meta runs WhatsApp for them, and they are set up by ids and a token, by no phone.

Source: Meta's Cloud API, "Get started" (ids, access token, app secret), "Webhooks" (the address, its challenge and
signature), "Phone numbers" (quality, limits).
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from merpati.core.clock import Millis
from merpati.core.ids import AccountId, DeviceId
from merpati.storage.ids import Ids
from merpati.storage.lane import HotLane
from merpati.storage.port import Tx
from merpati.transports.templates import TemplateKept, TemplateReading

CLOUD_API = "cloud_api"
"""The transport of official numbers, as a device's row names it."""


Also: TypeAlias = Callable[[Tx], Coroutine[Any, Any, object]]
"""An action that belongs to another one."""


async def nothing(_: Tx) -> None:
    """An action that does nothing."""


class NotSigned(Exception):
    """What was posted is not Meta's, or the device has no number: nothing was stored."""


class Given(Struct, frozen=True, kw_only=True):
    """What a person copies from Meta's pages. An empty secret stays what it was."""

    number_id: str
    """Meta's `phone_number_id`."""
    business_id: str
    """Of the WhatsApp Business account that the number belongs to."""
    token: str = ""
    app_secret: str = ""

    def __repr__(self) -> str:
        return f"Given({self.number_id})"


class SetUp(Struct, frozen=True, kw_only=True):
    """A device's number, as it was set up here."""

    number_id: str
    business_id: str
    verify_token: str
    """Ours: Meta repeats it in its challenge."""
    changed_at: Millis
    answered_at: Millis
    """When Meta's challenge came and was answered; 0: never, for this number."""
    heard_at: Millis
    """When Meta's last webhook came, to the minute; 0: none did."""


class NumberNow(Struct, frozen=True, kw_only=True):
    """What Meta says of a number. A word of Meta's that is empty was not told."""

    phone: str
    """Digits."""
    name: str
    """That people see."""
    name_status: str
    """APPROVED, PENDING_REVIEW, DECLINED …"""
    quality: str
    """GREEN, YELLOW, RED, UNKNOWN: what people thought of its messages in the last seven days."""
    status: str
    """CONNECTED, PENDING, FLAGGED, RESTRICTED …"""
    limit: str
    """TIER_250, TIER_2K …: how many new people may be written to in 24 hours, by the whole business portfolio."""
    per_second: int
    """Messages, out and in."""


class Official(Protocol):
    """A process's way to Meta, as far as people set numbers up. Errors are `Refusal`s with a sentence."""

    async def set_up(
        self, device: DeviceId, account: AccountId, given: Given, *, also: Also = nothing
    ) -> NumberNow:
        """Ask Meta about the number with what is given, and if it agrees, make the device that number; `also` comes
        first, in the same transaction.

        Raises `Refusal` (META_…, NETWORK_BUSY), and what `also` raises: then nothing has changed. May run twice.
        """
        ...

    async def tell_address(self, device: DeviceId, url: str) -> None:
        """Have Meta send the number's webhooks to this address; Meta asks it a challenge before it answers.

        Raises `Refusal` (META_NUMBER_NOT_SET_UP, META_ADDRESS_REFUSED, META_…). May run twice.
        """
        ...

    async def find(self, device: DeviceId) -> SetUp | None:
        """How the device is set up; None: it is not."""
        ...

    async def number_now(self, device: DeviceId) -> NumberNow:
        """What Meta says of it now; raises `Refusal` (META_NUMBER_NOT_SET_UP, META_…, NETWORK_BUSY)."""
        ...

    async def read_templates(self, device: DeviceId) -> TemplateReading:
        """The templates of the number's business, asked of Meta now, and kept. Raises `Refusal` as `number_now`."""
        ...

    async def templates(self, device: DeviceId) -> TemplateReading | None:
        """As they were last read; None: never. Raises `Refusal(OFFICIAL_NOT_SET_UP)`."""
        ...

    async def template(self, device: DeviceId, name: str, language: str) -> TemplateKept | None:
        """One of them, as it was last read; None: nothing is known of it, or the device is no number of Meta's."""
        ...

    async def forget(self, device: DeviceId) -> None:
        """Drop the number with its secrets, and what Meta told of it. May run twice."""
        ...

    async def answer_challenge(self, device: DeviceId, query: Mapping[str, str]) -> str:
        """What Meta wants to read when the device's address is entered there; raises `NotSigned`."""
        ...

    async def take_post(self, lane: HotLane, ids: Ids, device: DeviceId, body: bytes, signature: str) -> None:
        """Store what Meta posted to the device's address; it is stored when this returns.

        The body may tell of other numbers of the same account that the same app speaks for. Raises `NotSigned`, and
        a `StorageError`: then Meta posts it again.
        """
        ...
