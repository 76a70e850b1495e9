"""What the API needs of the rest, as values: `app` fills it in, tests fill in the real things too."""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from merpati.accounts.key_lookup import KeyLookup
from merpati.accounts.lookup import AccountLookup
from merpati.api.fonnte.attachments import Fetch
from merpati.api.live.hub import Hub
from merpati.api.metrics import ApiMetrics
from merpati.api.v1.limits import CallLimits
from merpati.core.clock import DAY_MS, Clock
from merpati.core.ids import Address, DeviceId
from merpati.core.tokens import Sealer
from merpati.devices.asks import Shown
from merpati.devices.lookup import DeviceLookup
from merpati.devices.model import Device
from merpati.egress.client import Egress
from merpati.messages.file_limits import FileLimits
from merpati.messages.file_links import FileLinks
from merpati.messages.thumbnails import Thumbnails
from merpati.storage.files import FileStore
from merpati.storage.ids import Ids
from merpati.storage.lane import HotLane
from merpati.storage.port import Storage
from merpati.transports.official import Official
from merpati.transports.phones import Phones
from merpati.transports.port import Capabilities, Group, NumberCheck, PairHow


class Sessions(Protocol):
    """The sessions of devices, wherever they run."""

    async def pair(self, device: Device, how: PairHow, phone: Address | None) -> Shown:
        """Begin pairing and wait for what the person must scan (a QR's text) or type, and until when.

        Raises `Refusal` (DEVICE_ALREADY_CONNECTED, DEVICE_DISCONNECTED, PAIRING_…) and `StorageError`.
        """
        ...

    async def show_typing(self, device: Device, chat: Address, for_ms: int) -> None:
        """Show "typing" in a chat for so long; 0: no more. May be asked again: it begins anew.

        Raises `Refusal` (DEVICE_DISCONNECTED, UNSUPPORTED, NETWORK_REFUSED) and `StorageError`, as the next two.
        """
        ...

    async def check(self, device: Device, numbers: Sequence[Address]) -> Sequence[NumberCheck]:
        """Which of these numbers are on WhatsApp, in their order."""
        ...

    async def groups(self, device: Device) -> Sequence[Group]:
        """The groups that the device is in, as WhatsApp says now."""
        ...

    async def restart(self, device: Device) -> None:
        """Start the device's session anew, with what is stored of the device by now. Raises `StorageError`."""
        ...

    async def disconnect(self, device: Device) -> None:
        """End the device's session now, where this process runs it; its owner wants it off."""
        ...


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """What the endpoints stand on."""

    storage: Storage
    lane: HotLane
    ids: Ids
    clock: Clock
    rng: random.Random = random.SystemRandom()
    """The machine's own randomness: two processes, or copies of one machine, never draw the same references."""
    devices: DeviceLookup
    accounts: AccountLookup
    keys: KeyLookup
    limits: CallLimits
    sealer: Sealer
    sessions: Sessions
    capabilities: Mapping[str, Capabilities]
    """By the name of the transport."""
    missing_extras: Mapping[str, str] = {}
    """Of transports that cannot be used here: the optional part that is not installed."""
    default_transport: str
    """Of a device added by the API."""
    fetch: Fetch
    egress: Egress
    """For a call that an owner asks for."""
    check_url: Callable[[str], None]
    """Raises `Refusal(URL_INVALID)` for an address that can never be requested."""
    files: FileStore
    spool_folder: Path
    """On the file system of the data folder; emptied at start."""
    max_body_bytes: int = 32_000_000
    thumbnails: Thumbnails
    """Small pictures of those files."""
    file_limits: FileLimits = FileLimits()
    unsent_bytes: int = 1_000_000_000
    """Room for files of one account that were uploaded and not sent yet; 0: any."""
    media_ms: int = 7 * DAY_MS
    """How long a file is kept that no message needs."""
    wake: Callable[[DeviceId, int], None]
    """Told after acceptance when a message of this device is due (milliseconds)."""
    made: Callable[[], None]
    """Told after a batch was stored: its job is due."""
    webhooks_set: Callable[[], None]
    """Told after addresses of webhooks were stored."""
    links: FileLinks
    """Addresses of files that came with messages."""
    phones: Phones | None = None
    """People of a simulated network, where one is open."""
    official: Official
    """Where numbers of Meta's are set up, and what Meta posts goes."""
    live: Hub
    """Those who follow the log."""
    public_url: str = ""
    """Where others reach this server; empty: unknown."""
    metrics: ApiMetrics
