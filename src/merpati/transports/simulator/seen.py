"""What a person's terminal is shown of the network as it is now."""

import msgspec

from merpati.transports.simulator.entries import AccountSet, Line


class DeviceNow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device as a person's terminal lists it."""

    account: AccountSet
    connected: bool
    unconfirmed: int = 0


class LineNow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line, and how far it came. A device's message: sent, delivered, read; a person's: read, or nothing."""

    line: Line
    state: str = ""
