"""Asking the gateway that runs, as any program does: for what only the process with the sessions can do."""

import aiohttp
import msgspec

from merpati.cli.troubles import Trouble

ANSWERS_WITHIN_S = 60


class _Paired(msgspec.Struct):
    """What `/qr` answers."""

    status: bool
    code: str = ""


async def ask_code(address: str, device: str, phone: str, token: str) -> str:
    """A pairing code for the phone with this number, by `/qr`, which connects the device too. Raises `Trouble`."""
    timeout, form = aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S), {"type": "code", "whatsapp": phone}
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers={"Authorization": token}) as session,
            session.post(f"{address}/qr", data=form) as answer,
        ):
            paired = msgspec.json.decode(await answer.read(), type=_Paired)
    except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError):
        raise Trouble("cli.device.no_gateway", address=address) from None
    if not paired.code:
        raise Trouble("cli.device.pair_refused", number=device)
    return paired.code
