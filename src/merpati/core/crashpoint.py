"""Named points at which the fault suite kills the process. Unarmed, as always outside it, a point does nothing."""

import os
import signal

_armed: dict[str, int] = {}


def arm(spec: str) -> None:
    """Arm a point: `name` dies at its first passing, `name:n` at the n-th; several are separated by commas."""
    for part in filter(None, spec.split(",")):
        name, _, nth = part.partition(":")
        _armed[name] = int(nth or 1)


def crashpoint(name: str) -> None:
    """Die here, as by `kill -9`, when this point is armed and its count is reached."""
    if name in _armed:
        _armed[name] -= 1
        if _armed[name] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
