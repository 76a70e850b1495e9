"""`merpati doctor`: what is wrong, and what to do about it."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from merpati.cli.doctor_data import check_webhooks
from merpati.config import Config
from tests.cli.keyboard import answered, typed


@pytest.fixture
def data(tmp_path: Path) -> str:
    answered("user", "add", "a@b.example", "--generate", "--data", str(tmp_path / "data"))
    return str(tmp_path / "data")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port where something listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door.getsockname()[1]


def grades(*words: str) -> dict[str, str]:
    return {each["check"]: each["grade"] for each in answered("doctor", "--port", "0", *words)}


def test_all_is_well(data: str) -> None:
    """A fresh folder with an owner has no problem; the time of a disk sync is measured."""
    found = grades("--data", data)
    assert {check for check, grade in found.items() if grade == "problem"} == set()
    assert {"folder", "space", "sync", "port", "database", "schema", "clock", "owners", "key"} <= set(found)
    assert "median fsync" in typed("doctor", "--port", "0", "--data", data).output


def test_before_the_first_start_nothing_is_wrong(tmp_path: Path) -> None:
    """No folder and no database yet are no problem, and looking makes none."""
    found = grades("--data", str(tmp_path / "new"))
    assert (found["folder"], found["database"]) == ("warning", "warning")
    assert not (tmp_path / "new").exists()


def test_a_port_that_is_taken_is_a_problem(data: str, taken: int) -> None:
    """Exit code 1, and the sentence names the way out."""
    result = typed("doctor", "--data", data, "--port", str(taken))
    assert result.exit_code == 1
    assert f"Port {taken} on 127.0.0.1 is taken by something that does not answer." in result.output


def test_an_address_of_another_machine_is_a_problem(data: str) -> None:
    """The host cannot be listened on."""
    result = typed("doctor", "--data", data, "--host", "192.0.2.1")
    assert (result.exit_code, "192.0.2.1 is no address of this machine" in result.output) == (1, True)


def test_an_unreachable_database_is_a_problem(data: str) -> None:
    """Its password is not shown."""
    result = typed("doctor", "--data", data, "--port", "0", "--database", "postgresql://me:sesam@127.0.0.1:1/x")
    assert (result.exit_code, "sesam" in result.output) == (1, False)
    assert "The database postgresql://me:…@127.0.0.1:1/x cannot be used" in result.output


def test_a_folder_open_to_others_is_a_warning(data: str) -> None:
    """The keys in it open every token."""
    Path(data).chmod(0o755)
    result = typed("doctor", "--port", "0", "--data", data)
    assert f"chmod go-rwx {data}" in result.output
    assert result.exit_code == 0


def test_a_foreign_key_is_a_problem(data: str) -> None:
    """It does not open what the database keeps sealed."""
    next(Path(data).glob("keys/*.key")).write_bytes(b"k" * 32)
    result = typed("doctor", "--port", "0", "--data", data)
    assert (result.exit_code, "does not fit the database" in result.output) == (1, True)


def test_webhooks_are_reached_by_the_rules_of_real_calls(taken: int) -> None:
    """A private address must be allowed; what refuses is told from what answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    callers = {f"http://127.0.0.1:{taken}": ["62811"], f"http://127.0.0.1:{closed}": ["62812", "62813"]}
    refused = asyncio.run(check_webhooks(Config(), callers))
    assert {finding.key for finding in refused} == {"doctor.webhook.address"}
    found = asyncio.run(check_webhooks(Config(allow_hosts=("127.0.0.1",)), callers))
    assert [finding.key for finding in found] == ["doctor.webhook.reached", "doctor.webhook.connect"]
    assert found[1].values["devices"] == "62812, 62813"


@pytest.mark.postgres
async def test_a_server_that_may_lose_what_it_confirmed_is_a_warning(postgres_dsn: str, tmp_path: Path) -> None:
    """The setting is named; as it should be, there is nothing to say."""
    on = {"MERPATI_DATABASE": postgres_dsn, "MERPATI_DATA": str(tmp_path / "data")}

    def examined() -> tuple[str, str]:
        found = {each["check"]: each for each in answered("doctor", "--port", "0", **on)}
        return found["keeping"]["grade"], found["keeping"]["text"]

    await asyncio.to_thread(lambda: answered("user", "add", "a@b.example", "--generate", **on))
    assert (await asyncio.to_thread(examined))[0] == "ok"
    connection = await asyncpg.connect(postgres_dsn)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await connection.close()

    grade, text = await asyncio.to_thread(examined)
    assert (grade, "synchronous_commit" in text, "fsync" in text) == ("warning", True, False)
