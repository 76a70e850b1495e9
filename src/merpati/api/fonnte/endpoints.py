"""The table of endpoints."""

from merpati.api.fonnte.add_device import ADD_DEVICE
from merpati.api.fonnte.delete_device import DELETE_DEVICE
from merpati.api.fonnte.delete_message import DELETE_MESSAGE
from merpati.api.fonnte.device import DEVICE
from merpati.api.fonnte.disconnect import DISCONNECT
from merpati.api.fonnte.endpoint import Endpoint
from merpati.api.fonnte.get_devices import GET_DEVICES
from merpati.api.fonnte.groups import FETCH_GROUP, GET_WHATSAPP_GROUP
from merpati.api.fonnte.order import ORDER
from merpati.api.fonnte.qr import QR
from merpati.api.fonnte.reset_message import RESET_MESSAGE
from merpati.api.fonnte.rotator import ROTATORS
from merpati.api.fonnte.send import send_endpoint
from merpati.api.fonnte.status import STATUS
from merpati.api.fonnte.typing import TYPING
from merpati.api.fonnte.update_device import UPDATE_DEVICE
from merpati.api.fonnte.validate import VALIDATE


def fonnte_endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint of one process."""
    return (
        send_endpoint(),
        STATUS,
        DELETE_MESSAGE,
        RESET_MESSAGE,
        DEVICE,
        GET_DEVICES,
        ADD_DEVICE,
        UPDATE_DEVICE,
        DISCONNECT,
        DELETE_DEVICE,
        QR,
        ROTATORS,
        TYPING,
        VALIDATE,
        FETCH_GROUP,
        GET_WHATSAPP_GROUP,
        ORDER,
    )
