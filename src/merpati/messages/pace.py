"""The device's own pace: when it may hand over next. Pure; the draw comes in from outside, as actions may rerun."""

import msgspec


class Pace(msgspec.Struct, frozen=True):
    """A device's range between two hand-overs, whole milliseconds; 0, 0: as fast as the transport allows."""

    from_ms: int
    to_ms: int

    def gap(self, draw: float) -> int:
        """The gap for `draw` in [0, 1): an integer in [from, to], each as likely as the other."""
        return self.from_ms + int(draw * (self.to_ms - self.from_ms + 1))
