"""An official number as the API shows it, and as it is given."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from merpati.api.v1.shapes import Answer, Given, Instant, instant, maybe
from merpati.transports.official import NumberNow, SetUp

_Id = Annotated[str, Meta(pattern=r"^[0-9]{5,25}$", examples=["106540352242922"])]
_Token = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=r"^[!-~]+$")]
_Secret = Annotated[str, Meta(pattern=r"^[0-9a-zA-Z]{8,100}$", examples=["0123456789abcdef0123456789abcdef"])]


class OfficialGiven(Given, frozen=True, kw_only=True):
    """What Meta's pages show of a number.

    `number_id`: "Phone number ID"; `business_id`: "WhatsApp Business Account ID"; `token`: a system user's access
    token with `whatsapp_business_messaging` and `whatsapp_business_management`; `app_secret`: of the app that the
    token was made for. A secret that was given before may be left out.
    """

    number_id: _Id
    business_id: _Id
    token: _Token | UnsetType = UNSET
    app_secret: _Secret | UnsetType = UNSET


class OfficialAnswer(Answer, frozen=True, kw_only=True):
    """How a number is set up. Its token and the app's secret are never shown.

    Meta posts to `webhook_url` and repeats `verify_token` when the address is entered; `answered_at`: when it last
    asked for that and was answered; `heard_at`: when it last posted, to the minute. Null: it never did.
    """

    number_id: str
    business_id: str
    webhook_url: str
    verify_token: str
    changed_at: Instant
    answered_at: Instant | None
    heard_at: Instant | None


class NumberAnswer(Answer, frozen=True, kw_only=True):
    """What Meta says of the number now, in Meta's words; one that is empty was not told.

    `quality`: what people thought of its messages in the last seven days. `limit`: how many new people may be
    written to in 24 hours. `per_second`: how many messages a second it may send and get.
    """

    phone: str
    name: str
    name_status: str
    quality: str
    status: str
    limit: str
    per_second: int


def show_official(set_up: SetUp, webhook_url: str) -> OfficialAnswer:
    return OfficialAnswer(
        number_id=set_up.number_id,
        business_id=set_up.business_id,
        webhook_url=webhook_url,
        verify_token=set_up.verify_token,
        changed_at=instant(set_up.changed_at),
        answered_at=maybe(set_up.answered_at),
        heard_at=maybe(set_up.heard_at),
    )


def show_number(now: NumberNow) -> NumberAnswer:
    return NumberAnswer(
        phone=now.phone,
        name=now.name,
        name_status=now.name_status,
        quality=now.quality,
        status=now.status,
        limit=now.limit,
        per_second=now.per_second,
    )
