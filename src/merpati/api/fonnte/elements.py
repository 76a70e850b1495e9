"""The elements of a `/send` call: parsed, their recipients read, each recipient's device drawn. Pure.

Source: Fonnte docs, API send message: `data`, several tokens in one header (each target is sent by one of their
devices at random), `connectOnly`.
"""

import random
from collections.abc import Mapping, Sequence

import msgspec

from merpati.api.fonnte.fields import Value
from merpati.api.fonnte.params import SendParams, parse_call
from merpati.core.errors import Code, Refusal
from merpati.core.ids import DeviceId
from merpati.devices.model import Device
from merpati.messages.model import Target
from merpati.messages.targets import MOST_TARGETS, parse_targets


class Element(msgspec.Struct, frozen=True):
    """One element of a call, with a device for each target."""

    params: SendParams
    targets: tuple[Target, ...]
    devices: tuple[DeviceId, ...]


def read_elements(values: Mapping[str, Value], devices: Sequence[Device], rng: random.Random) -> list[Element]:
    """What the call asks for; raises `Refusal` for the first thing that is wrong with it."""
    elements: list[Element] = []
    count = 0
    for params in parse_call(values):
        targets = parse_targets(params.target, params.country_code)
        count += len(targets)
        if count > MOST_TARGETS:
            raise Refusal(Code.INPUT_INVALID, field="target")
        elements.append(Element(params, targets, _draw(targets, _able(params, devices), rng)))
    return elements


def _able(params: SendParams, devices: Sequence[Device]) -> Sequence[Device]:
    """The devices that may send this: the connected ones; all, when none is and the caller will wait for one."""
    connected = [device for device in devices if device.connected]
    if not connected and params.connect_only:
        raise Refusal(Code.DEVICE_DISCONNECTED)
    return connected or devices


def _draw(targets: Sequence[Target], devices: Sequence[Device], rng: random.Random) -> tuple[DeviceId, ...]:
    if len(devices) == 1:
        return (devices[0].id,) * len(targets)
    return tuple(rng.choice(devices).id for _ in targets)
