"""Programs' own HTTP clients against Fonnte's API: the same calls, each written as that client writes them."""

from pathlib import Path

import pytest
from aiohttp import web

from tests.api.files import PNG, FileServer
from tests.api.harness import Api
from tests.clients.cases import CASES, FILES, blanks, call_of, came, fill, wanted
from tests.clients.programs import CLIENTS, Client, missing, run_calls

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]


async def served(request: web.Request) -> web.Response:
    return web.Response(body=PNG) if request.path == "/picture.png" else web.Response(status=404)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
async def test_every_call_comes_to_the_same(shared: Api, tmp_path: Path, client: Client) -> None:
    """Answers and stored messages do not depend on who wrote the request."""
    if reason := missing(client):
        pytest.skip(reason)
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    async with FileServer(served) as server:
        cases = fill([case for case in CASES if case.get("needs") in (None, *client.able)], blanks(shared, server))
        answers = await run_calls(client, [call_of(case, shared.url, tmp_path) for case in cases])
    want = {case["name"]: wanted(case) for case in cases}
    got = {case["name"]: await came(shared, case, answers[case["name"]]) for case in cases}
    wrong = {name for name in want if got[name] != want[name]}

    assert {name: got[name] for name in wrong} == {name: want[name] for name in wrong}
