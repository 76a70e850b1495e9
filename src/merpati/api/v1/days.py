"""Days as the caller's clock on the wall has them."""

from datetime import date, datetime, timedelta
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from litestar.params import QueryParameter

from merpati.accounts.model import check_time_zone
from merpati.api.gateway import Gateway
from merpati.api.v1.principal import Principal
from merpati.core.clock import Millis
from merpati.core.errors import Code, Refusal

DAY = timedelta(days=1)
USUAL_ZONE = "Asia/Jakarta"

Zone: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        max_length=60,
        description="Whose day it is: a name of the IANA's time zones; else the user's, else Asia/Jakarta.",
    ),
]


def today_of(gateway: Gateway, principal: Principal, zone: str | None) -> Millis:
    """When today began there; raises `Refusal(INPUT_INVALID)` for a zone that nobody knows."""
    chosen = zone or (principal.person.owner.time_zone if principal.person else USUAL_ZONE)
    return day_start(gateway.clock.now(), chosen)


def day_of(day: date, zone: str) -> tuple[Millis, Millis]:
    """When this day begins in this zone, and when the next; raises `Refusal(INPUT_INVALID)` for an unknown zone."""
    try:
        check_time_zone(zone)
        starts = [datetime(each.year, each.month, each.day, tzinfo=ZoneInfo(zone)) for each in (day, day + DAY)]
    except (Refusal, OverflowError):
        raise Refusal(Code.INPUT_INVALID, field="zone") from None
    return Millis(int(starts[0].timestamp() * 1_000)), Millis(int(starts[1].timestamp() * 1_000))


def day_start(now: Millis, zone: str) -> Millis:
    """The last midnight of this zone; raises `Refusal(INPUT_INVALID)`."""
    try:
        check_time_zone(zone)
    except Refusal:
        raise Refusal(Code.INPUT_INVALID, field="zone") from None
    here = datetime.fromtimestamp(now / 1_000, ZoneInfo(zone))
    return Millis(int(here.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1_000))
