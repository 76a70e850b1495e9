"""What is another's is not there: every endpoint, asked by everybody who may not reach what it names.

Built from the description of the API: an endpoint that names a thing, or takes a body, and is not in the tables
here fails the first test.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from merpati.accounts.key_model import Scope
from merpati.api.v1.routes import document
from merpati.api.v1.scopes import NEEDED, Callers
from tests.api.files import PNG
from tests.api.harness import NUMBERS, ONE, TWO
from tests.api.v1.browser import STRANGERS_EMAIL, Answered, Browser, program_of, signed_in
from tests.api.v1.keys import program_with
from tests.api.v1.test_files import upload
from tests.api.v1.test_rotators import SALES
from tests.api.v1.world import BUDI, HOOK, KEY_NAME, TEXT, World, kind_of

NOBODYS = 2**40
"""An id that nothing has."""
NAMED = ("person", "fault", "consumer")
"""Named by words of the caller's own: of the same name each may have one."""
OF_DEVICE = {"device", "message", "webhook", "request"}
"""Kinds of things that a key reaches by their device; others are the account's, or a person's."""
BODIES: dict[str, Any] = {
    "updateMe": {},
    "changePassword": {"old_password": "x", "new_password": "xxxxxxxxxxxx"},
    "enrolTotp": {"password": "x"},
    "confirmTotp": {"code": "000000"},
    "disableTotp": {"password": "x"},
    "makeKey": {"name": "x", "scopes": ["messages:read"]},
    "changeKey": {"name": "x"},
    "rotateKey": {},
    "addDevice": {"name": "Baru", "number": "x"},
    "changeDevice": {"name": "Baru"},
    "deleteDevice": {"password": "x"},
    "setOfficial": {"number_id": "12345", "business_id": "12345"},
    "pairDevice": {"how": "qr"},
    "checkNumbers": {"numbers": ["081234567890"]},
    "showTyping": {"chat": "081234567890", "seconds": 1},
    "rotateDeviceToken": {},
    "sendMessages": {"device": ONE, "targets": "081234567890", "text": "x"},
    "previewMessages": {"device": ONE, "targets": "081234567890", "text": "x"},
    "rescheduleMessage": {"at": "2030-01-01T00:00:00Z"},
    "resendMessage": {},
    "editMessage": {"text": "x"},
    "uploadFile": None,
    "addRotator": {**SALES, "name": ""},
    "changeRotator": SALES,
    "setWebhooks": {"status": HOOK},
    "addWebhook": {"name": "x", "url": HOOK, "kinds": ["status"], "devices": [ONE]},
    "changeWebhook": {"name": "x"},
    "rotateSecret": {},
    "previewReplay": {"first": 1},
    "addReplay": {"first": 1},
    "ackEvents": {"seq": 0},
    "addPerson": {"number": BUDI},
    "updatePerson": {},
    "blockDevice": {"device": ONE},
    "unblockDevice": {"device": ONE},
    "sayAsPerson": {"device": ONE, "text": "x"},
    "typeOnPhone": {"to": "6281200000001", "text": "x"},
    "voteAsPerson": {"poll": "x", "choices": []},
    "chooseAsPerson": {"message": "x", "choice": "x"},
    "readAsPerson": {"device": ONE},
    "scanCode": {"device": ONE, "code": "x"},
    "startFault": {"name": "x", "device": ONE},
}
QUERIES: dict[str, Any] = {
    "getChat": {"device": ONE},
    "getWindow": {"chat": "081234567890"},
    "stopFault": {"device": ONE},
}
STREAMS = {"followEvents", "followSimulator"}
"""Without an end: what they tell is tested with streams."""


class Operation(NamedTuple):
    name: str
    method: str
    path: str
    kind: str | None
    """Of the thing that its path names."""

    @property
    def names_device(self) -> bool:
        """Also in its body or query."""
        asked = {**(BODIES.get(self.name) or {}), **QUERIES.get(self.name, {})}
        return "device" in asked or "devices" in asked

    @property
    def names_one(self) -> bool:
        return self.kind not in (None, *NAMED) or self.names_device


def operations() -> Iterator[Operation]:
    for path, methods in document()["paths"].items():
        short = re.sub(r"{\w+}", "{}", path.removeprefix("/api/v1"))
        for method, operation in methods.items():
            if operation["security"]:
                yield Operation(operation["operationId"], method.upper(), short, kind_of(short))


ALL = list(operations())


async def ask(caller: Browser, operation: Operation, named: object) -> Answered:
    """Call it about this thing; a device in its body or query is the thing where its path names none."""
    path = operation.path.replace("{}", str(named), 1).replace("{}", "1")
    if operation.kind in ("person", "fault"):
        path = operation.path.format(BUDI if operation.kind == "person" else "x")
    body, query = BODIES.get(operation.name), QUERIES.get(operation.name, {})
    if body and "device" in body:
        body = {**body, "device": named}
    if body and "devices" in body:
        body = {**body, "devices": [named]}
    query = {name: str(named) for name in query}
    if operation.name == "uploadFile":
        return await upload(caller, PNG, "a.png")
    return await caller.ask(operation.method, path, body, params=query)


def test_every_endpoint_is_in_the_tables() -> None:
    """Who may call it, and with which body it is asked here."""
    assert {each.name for each in ALL} == set(NEEDED)
    with_body = {
        operation["operationId"]
        for methods in document()["paths"].values()
        for operation in methods.values()
        if "requestBody" in operation and operation["security"]
    }
    assert with_body == set(BODIES)


async def test_a_key_without_the_scope_is_refused(world: World) -> None:
    """Every endpoint: with all scopes but the one it needs, and those for people with all."""
    without = {scope: await program_with(world.api, world.ayu, set(Scope) - {scope}) for scope in list(Scope)}
    whole, token = await program_with(world.api, world.ayu), program_of(world.api)
    for operation in ALL:
        needed = NEEDED[operation.name]
        named = world.ids[operation.kind] if operation.kind else ONE
        if isinstance(needed, Scope):
            answered = await ask(without[needed], operation, named)
            assert (answered.status, answered.code) == (403, "key_scope_missing"), operation.name
        elif needed is Callers.PEOPLE:
            for program in (whole, token):
                answered = await ask(program, operation, named)
                assert (answered.status, answered.code) == (403, "person_required"), operation.name


async def test_the_things_of_another_account_are_not_there(world: World) -> None:
    """For its session, its token, and its key with every scope: as what nobody has."""
    eve = await signed_in(world.api, STRANGERS_EMAIL)
    for caller in (eve, program_of(world.api, "stranger"), await program_with(world.api, eve)):
        await _check_not_there(caller, [each for each in ALL if each.names_one], world)


async def test_the_things_of_other_devices_are_not_there_for_a_key(world: World) -> None:
    """As what nobody has."""
    key = await program_with(world.api, world.ayu, devices=[TWO])
    await _check_not_there(key, [each for each in ALL if each.kind in OF_DEVICE or each.names_device], world)


async def _check_not_there(caller: Browser, asked: list[Operation], world: World) -> None:
    for operation in asked:
        named = world.ids[operation.kind] if operation.kind not in (None, *NAMED) else ONE
        of_another, of_nobody = [await ask(caller, operation, each) for each in (named, NOBODYS)]
        seen = (operation.name, of_another.status, of_another.code)
        assert seen == (operation.name, of_nobody.status, of_nobody.code)
        assert of_another.status == (403 if of_another.code == "person_required" else 404), seen


MARKS = {TEXT, KEY_NAME, HOOK, NUMBERS[ONE], "Sales"}


async def test_no_list_tells_of_what_is_anothers(world: World) -> None:
    """Every endpoint that names nothing and reads: no word of the other account, nor of devices out of reach."""
    eve = await signed_in(world.api, STRANGERS_EMAIL)
    callers = (
        (eve, MARKS),
        (program_of(world.api, "stranger"), MARKS),
        (await program_with(world.api, eve), MARKS),
        (await program_with(world.api, world.ayu, name="x", devices=[TWO]), {TEXT, HOOK, NUMBERS[ONE]}),
    )
    lists = [each for each in ALL if each.method == "GET" and not each.names_one and each.name not in STREAMS]
    for operation in lists:
        whole = str((await ask(world.ayu, operation, ONE)).body)
        for caller, marks in callers:
            told = str((await ask(caller, operation, ONE)).body)
            assert {mark for mark in marks if mark in told} == set(), operation.name
        if operation.name in ("listMessages", "listDevices", "listWebhooks", "listKeys", "listRotators"):
            assert any(mark in whole for mark in MARKS), operation.name
