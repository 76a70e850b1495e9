"""A database of an earlier merpati, whose official number was set up and has news waiting, goes on with both."""

from merpati.core.clock import Millis
from merpati.core.ids import DeviceId
from merpati.storage.migrate import known_migrations, migrate
from merpati.storage.port import Tx
from merpati.transports.cloud_api.lines import find_line
from merpati.transports.cloud_api.news import Kept, next_news
from tests.conformance.storage import Opener

FIRST = 32
"""The first version that knew official numbers."""
BODY = '{"object": "whatsapp_business_account"}'


async def have_been_used(tx: Tx) -> None:
    await tx.run("INSERT INTO cloud_line VALUES (7, 1, '111111', '222222', 'sealed', 5, 6)")
    await tx.run("INSERT INTO cloud_news VALUES (1, 7, $1, 9, 9, 0), (2, 8, $1, 9, 9, 0)", BODY)


async def test_what_waits_in_an_older_database_is_told_of_the_number_that_it_came_to(open_either: Opener) -> None:
    """One that nobody's number was heard for is nobody's still."""
    storage = await open_either()
    await migrate(storage, known_migrations(storage.engine)[:FIRST])
    await storage.write(have_been_used)

    await migrate(storage)

    line = await storage.read(find_line, DeviceId(7))
    assert line is not None
    assert (line.number_id, line.heard_at, line.answered_at) == ("111111", 6, 0)
    waiting = await storage.read(next_news, DeviceId(7), Millis(10))
    assert waiting == [Kept(1, "111111", BODY, Millis(9), 0)]
    assert [each.number_id for each in await storage.read(next_news, DeviceId(8), Millis(10))] == [""]
