"""Setting a number up: Meta is asked whether what was copied belongs together, before anything is stored.

Source: Meta's Cloud API, "Phone numbers" (the node, its fields, `/{business}/phone_numbers`), "Webhooks: override"
(`/{business}/subscribed_apps`, `webhook_configuration` of a number); Graph API, "Secure calls" (`appsecret_proof`).
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from merpati.core.errors import Code, Refusal
from merpati.transports.cloud_api.client import GraphClient, GraphTrouble
from merpati.transports.cloud_api.errors import Act
from merpati.transports.cloud_api.lines import Line, Secrets
from merpati.transports.cloud_api.pace import PER_SECOND
from merpati.transports.official import Given, NumberNow

FIELDS = (
    "display_phone_number,verified_name,name_status,quality_rating,status,throughput,"
    "whatsapp_business_manager_messaging_limit"
)
PARAMETER = 100
"""Meta's code for an id, a proof or an address that is not right."""


def complete(given: Given, before: Secrets | None) -> Secrets:
    """The secrets that hold from now on. Raises `Refusal(INPUT_INVALID)` where one was never given."""
    token = given.token or (before.token if before else "")
    app_secret = given.app_secret or (before.app_secret if before else "")
    for field, value in (("token", token), ("app_secret", app_secret)):
        if not value:
            raise Refusal(Code.INPUT_INVALID, field=field)
    verify = before.verify_token if before else secrets.token_urlsafe(24)
    return Secrets(token=token, app_secret=app_secret, verify_token=verify)


async def ask_number(client: GraphClient, given: Given, known: Secrets) -> NumberNow:
    """What Meta says of the number, once it agreed to the ids, the token and the secret. Raises `Refusal`."""
    now = await number_now(client, given.number_id, known.token)
    await _check_business(client, given, known)
    proof = hmac.new(known.app_secret.encode(), known.token.encode(), hashlib.sha256).hexdigest()
    await _ask(client, given.number_id, known.token, Code.META_SECRET_WRONG, "app_secret", appsecret_proof=proof)
    return now


async def number_now(client: GraphClient, number_id: str, token: str) -> NumberNow:
    """Raises `Refusal`."""
    node = await _ask(client, number_id, token, Code.META_NUMBER_UNKNOWN, "number_id", fields=FIELDS)
    return NumberNow(
        phone="".join(each for each in _word(node, "display_phone_number") if each.isdigit()),
        name=_word(node, "verified_name"),
        name_status=_word(node, "name_status"),
        quality=_word(node, "quality_rating"),
        status=_word(node, "status"),
        limit=_word(node, "whatsapp_business_manager_messaging_limit"),
        per_second=per_second(node),
    )


async def point_here(client: GraphClient, line: Line, known: Secrets, url: str) -> None:
    """Have Meta post what concerns the number to `url`: it is asked a challenge first. Raises `Refusal`."""
    address = {"override_callback_uri": url, "verify_token": known.verify_token}
    try:
        await client.post(f"{line.business_id}/subscribed_apps", known.token, {})
        await client.post(line.number_id, known.token, {"webhook_configuration": address})
    except GraphTrouble as error:
        if error.code == PARAMETER:
            raise Refusal(Code.META_ADDRESS_REFUSED, url=url, said=error.said) from None
        raise refused(error) from None


async def _check_business(client: GraphClient, given: Given, known: Secrets) -> None:
    path = f"{given.business_id}/phone_numbers"
    try:
        async for node in client.pages(path, known.token, fields="id"):
            if node.get("id") == given.number_id:
                return
    except GraphTrouble as error:
        raise _of(error, Code.META_BUSINESS_UNKNOWN, "business_id") from None
    raise Refusal(Code.META_NUMBER_ELSEWHERE, field="business_id")


async def _ask(
    client: GraphClient, path: str, token: str, unknown: Code, field: str, **query: str
) -> dict[str, Any]:
    try:
        return await client.get(path, token, **query)
    except GraphTrouble as error:
        raise _of(error, unknown, field) from None


def _of(error: GraphTrouble, unknown: Code, field: str) -> Refusal:
    return Refusal(unknown, field=field) if error.code == PARAMETER else refused(error)


def refused(error: GraphTrouble) -> Refusal:
    """A call that was about no message, as a sentence. What was only read may be unclear: nothing was done."""
    trouble = error.trouble
    if trouble.act in (Act.UNCERTAIN, Act.RETRY, Act.PACE):
        return Refusal(Code.META_UNREACHABLE, said=error.said or str(trouble.code))
    if trouble.code is Code.META_TOKEN_REFUSED or trouble.code is Code.META_PERMISSION_MISSING:
        return Refusal(trouble.code, field="token")
    return Refusal(trouble.code)


def per_second(node: Mapping[str, Any]) -> int:
    """Messages a second, by Meta's word for it."""
    throughput = node.get("throughput")
    level = throughput.get("level") if isinstance(throughput, dict) else None
    return PER_SECOND.get(str(level), PER_SECOND["STANDARD"])


def _word(node: Mapping[str, Any], name: str) -> str:
    found = node.get(name)
    return found if isinstance(found, str) else ""
