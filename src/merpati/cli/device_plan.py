"""`merpati device plan`: how many messages a device has left, when its plan ends, what it is called."""

from datetime import UTC, datetime, time

import click

from merpati.cli.device_finding import device_of
from merpati.cli.opened import opened
from merpati.cli.printing import json_option, print_json
from merpati.cli.settings import settings_options
from merpati.cli.spoken import SpokenCommand, SpokenOption, language_option, words
from merpati.cli.troubles import Trouble, run
from merpati.devices.plans import DevicePlan, change_plan, plan_of

UNLIMITED, NEVER = "unlimited", "never"


@click.command("plan", cls=SpokenCommand, help="cli.help.device.plan")
@click.argument("number")
@click.option("--quota", metavar="N|unlimited", cls=SpokenOption, help="cli.help.device.quota")
@click.option("--expires", metavar="YYYY-MM-DD|never", cls=SpokenOption, help="cli.help.device.expires")
@click.option("--package", metavar="NAME", cls=SpokenOption, help="cli.help.device.package")
@json_option
@settings_options("data", "database")
@language_option
def plan(number: str, quota: str | None, expires: str | None, package: str | None, as_json: bool) -> None:
    run(_plan(number, quota, expires, package, as_json=as_json))


async def _plan(number: str, quota: str | None, expires: str | None, package: str | None, *, as_json: bool) -> None:
    changed: dict[str, object] = {}
    if quota is not None:
        changed["quota"] = _read_quota(quota)
    if expires is not None:
        changed["expires_at"] = _read_day(expires)
    if package is not None:
        changed["package"] = package.strip()
    async with opened() as at:
        known = await at.storage.read(device_of, number)
        found = await at.storage.write(change_plan, known.id, changed) if changed else plan_of(known)
    if as_json:
        print_json({"number": known.number, **_as_json(found)})
    else:
        shown = {
            name: value if value is not None else words(f"cli.plan.{name}") for name, value in _shown(found).items()
        }
        click.echo(words("cli.plan.is", number=known.number, **shown))


def _read_quota(text: str) -> int | None:
    if text.strip().lower() == UNLIMITED:
        return None
    if not (text.isascii() and text.isdigit()):
        raise Trouble("cli.plan.bad_quota", quota=text)
    return int(text)


def _read_day(text: str) -> int | None:
    """The last millisecond of that day in UTC, the zone in which answers write it."""
    if text.strip().lower() == NEVER:
        return None
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").date()
    except ValueError:
        raise Trouble("cli.plan.bad_day", day=text) from None
    return int(datetime.combine(day, time(23, 59, 59), UTC).timestamp()) * 1_000 + 999


def _shown(plan: DevicePlan) -> dict[str, str | None]:
    """None: there is a word for that."""
    day = datetime.fromtimestamp(plan.expires_at / 1_000, UTC).date() if plan.expires_at is not None else None
    quota = str(plan.quota) if plan.quota is not None else None
    return {"quota": quota, "expires": day.isoformat() if day else None, "package": plan.package or None}


def _as_json(plan: DevicePlan) -> dict[str, object]:
    return {"quota": plan.quota, "expires_at": plan.expires_at, "package": plan.package}
