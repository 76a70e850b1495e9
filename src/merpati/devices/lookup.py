"""From a device's token to the device, without a read for every request."""

from merpati.accounts.lookup import KEPT_S, MOST_KEPT, TokenLookup
from merpati.core.clock import Clock
from merpati.core.ids import DeviceId
from merpati.devices.model import Device
from merpati.devices.views import devices_by_token_hashes
from merpati.storage.port import Storage


class DeviceLookup(TokenLookup[Device]):
    """Device tokens."""

    def __init__(self, storage: Storage, clock: Clock, *, kept_s: float = KEPT_S, most: int = MOST_KEPT) -> None:
        super().__init__(storage, clock, devices_by_token_hashes, kept_s=kept_s, most=most)

    def forget_device(self, device: DeviceId) -> None:
        """Call after a change of this device: its next caller sees the change."""
        self.forget(lambda known: known.id == device)
