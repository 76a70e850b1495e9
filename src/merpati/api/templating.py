"""What does not fit its template is refused at the door, and not only by WhatsApp, for each of its targets."""

from collections.abc import Iterable

from merpati.api.gateway import Gateway
from merpati.devices.model import Device
from merpati.messages.model import SendItem
from merpati.transports.interactive import Template
from merpati.transports.official import CLOUD_API
from merpati.transports.port import Content
from merpati.transports.templates import check_fits


async def check_templates(gateway: Gateway, devices: Iterable[Device], items: Iterable[SendItem]) -> None:
    """Raises what `check_fits` does, for the first of these that does not fit."""
    known = {device.id: device for device in devices}
    for item in items:
        if isinstance(item.content, Template):
            for id_ in dict.fromkeys(item.devices):
                await check_template(gateway, known[id_], item.content)


async def check_template(gateway: Gateway, device: Device, content: Content) -> None:
    """The same of one content by one device. A template of which nothing was read passes, as WhatsApp judges it;
    so does whatever is no template."""
    if device.transport == CLOUD_API and isinstance(content, Template):
        kept = await gateway.official.template(device.id, content.name, content.language)
        if kept is not None:
            check_fits(kept, content)
