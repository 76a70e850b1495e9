"""Files that come with messages, and their addresses. Source: Fonnte docs, file limitation."""

from pathlib import Path

import msgspec
import pytest

from merpati.core.clock import Millis
from merpati.core.facts import MessageReceived, ReceivedFile
from merpati.core.ids import MediaId, MessageId, WaId
from merpati.log.actions import open_account
from merpati.log.store import facts_after
from merpati.messages.file_limits import FileLimits
from merpati.messages.file_links import FileLinks
from merpati.messages.inbound import Incoming, receive_messages
from merpati.messages.model import Note
from merpati.messages.receiving import KeptMedia, awaited_file, keep_received
from merpati.messages.views import show_message
from merpati.storage.files import FolderStore
from merpati.storage.port import Storage, Tx
from merpati.transports.port import Media, MediaKind
from tests.api.files import CONTENT, PNG
from tests.messages.outbox import ACCOUNT, ALICE, BUDI, DEVICE, a_draft

HTML = b"<!doctype html><script>alert(1)</script>"
UNTIL = Millis(1_700_000_000_000)
FILE = ReceivedFile(MediaId(9), "foto saya.jpg", "jpg", UNTIL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("media", "spool"):
        (tmp_path / name).mkdir()
    return tmp_path


def came(folder: Path, body: bytes, filename: str = "", mime: str = "image/png") -> Media:
    """A file as a transport gives it."""
    path = folder / "network"
    path.write_bytes(body)
    return Media(kind=MediaKind.IMAGE, path=str(path), mime=mime, size_bytes=len(body), filename=filename)


def bodies(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def keep(folder: Path, media: Media, most: int = 1_000) -> KeptMedia:
    return await keep_received(
        media,
        MediaId(9),
        ACCOUNT,
        FolderStore(folder / "media"),
        folder / "spool",
        FileLimits(image=most, document=most),
    )


async def test_a_picture_is_kept_under_our_own_name(folder: Path) -> None:
    """Its type is judged by its content; nothing is left aside."""
    kept = await keep(folder, came(folder, PNG, "../../evil\x00name.jpg", mime="text/html"))

    assert bodies(folder / "media") == {"9.png": PNG}
    assert (kept.content.path, kept.content.mime, kept.content.filename) == ("9.png", "image/png", "evilname.jpg")
    assert (kept.extension, kept.notes) == ("png", ())
    assert kept.row is not None and (kept.row.size_bytes, kept.row.mime) == (len(PNG), "image/png")
    assert bodies(folder / "spool") == {}


async def test_a_file_without_a_name_has_one_to_fetch_it_by(folder: Path) -> None:
    """Pictures come without."""
    kept = await keep(folder, came(folder, PNG))
    assert (kept.content.filename, kept.filename) == ("", "image.png")


@pytest.mark.parametrize(
    ("body", "name", "most", "note", "path"),
    [
        (HTML, "surat.txt", 1_000, Note.FILE_TYPE, "9.bin"),
        (b"\x00\x01\x02", "program.exe", 1_000, Note.FILE_TYPE, "9.bin"),
        (PNG, "foto.png", len(PNG) - 1, Note.FILE_TOO_LARGE, ""),
    ],
)
async def test_what_is_outside_the_rules_is_noted(
    folder: Path, body: bytes, name: str, most: int, note: Note, path: str
) -> None:
    """Another type is kept, as something that nothing opens; what is too large is not."""
    kept = await keep(folder, came(folder, body, name), most)

    assert (kept.notes, kept.content.path) == ((note,), path)
    assert (kept.row is not None) is bool(path)
    assert kept.row is None or kept.row.mime == "application/octet-stream"
    assert list(bodies(folder / "media")) == ([path] if path else [])


async def test_a_file_that_is_not_there_is_noted(folder: Path) -> None:
    """The message is stored all the same."""
    gone = msgspec.structs.replace(came(folder, PNG), path=str(folder / "gone"))
    kept = await keep(folder, gone)
    assert (kept.notes, kept.row, kept.content.path) == ((Note.FILE_LOST,), None, "")


async def test_a_message_that_comes_twice_is_forwarded_once(storage: Storage, folder: Path) -> None:
    """Acceptance and storing are one transaction: a crash has both or neither, and the repeat is known."""
    await storage.write(open_account, ACCOUNT)
    kept = await keep(folder, came(folder, PNG))
    for n in (1, 2):
        forward = a_draft(100 + n, BUDI, content=kept.content, media=MediaId(9))
        await storage.write(receive_messages, [_incoming(n, kept, forward=forward)])

    assert await storage.read(_rows, "SELECT message_id, chat FROM outbox") == [(101, BUDI)]
    assert await storage.read(_rows, "SELECT id, path FROM media") == [(9, "9.png")]
    assert await storage.read(_rows, "SELECT media_id FROM message ORDER BY id") == [(9,), (9,)]
    (fact,) = [
        entry.fact
        for entry in await storage.read(facts_after, ACCOUNT, 0, 10)
        if isinstance(entry.fact, MessageReceived)
    ]
    assert fact.told is not None and fact.told.file == FILE


async def test_a_message_whose_file_is_awaited_is_there_and_told_once_when_it_comes(
    storage: Storage, folder: Path
) -> None:
    """It keeps its id; until then webhooks hear nothing, and nothing is forwarded."""
    await storage.write(open_account, ACCOUNT)
    awaited = awaited_file(came(folder, PNG, "foto.png"))
    waiting = _incoming(1, awaited, notes=awaited.notes, is_told=False, file=None, reply_to=WaId("OUT"))
    assert await storage.write(receive_messages, [waiting]) == [True]
    assert await storage.write(receive_messages, [msgspec.structs.replace(waiting, id=MessageId(2))]) == [False]
    assert await storage.read(_rows, "SELECT id, media_id FROM message") == [(1, None)]

    kept = await keep(folder, came(folder, PNG, "foto.png"))
    forward = a_draft(100, BUDI, content=kept.content, media=MediaId(9))
    came_now = _incoming(3, kept, forward=forward, reply_to=WaId("OUT"))
    assert await storage.write(receive_messages, [came_now]) == [True]
    assert kept.row is not None
    again = msgspec.structs.replace(
        came_now, id=MessageId(4), media=msgspec.structs.replace(kept.row, id=MediaId(8))
    )
    assert await storage.write(receive_messages, [again]) == [False]

    assert await storage.read(_rows, "SELECT id, media_id FROM message WHERE direction = 1") == [(1, 9)]
    assert await storage.read(_rows, "SELECT message_id, chat FROM outbox") == [(100, BUDI)]
    shown = await storage.read(show_message, MessageId(1))
    assert shown is not None and shown.notes == () and shown.content == kept.content
    facts = [entry.fact for entry in await storage.read(facts_after, ACCOUNT, 0, 10)]
    received = [each for each in facts if isinstance(each, MessageReceived)]
    assert [(each.message, each.told is not None and each.told.file) for each in received] == [
        (1, False),
        (1, FILE),
    ]


async def test_what_is_stored_is_said_to_be_also_when_its_commit_was_lost(storage: Storage, folder: Path) -> None:
    """The lane runs it again then: whoever is told that it was there already removes the file."""
    await storage.write(open_account, ACCOUNT)
    kept = await keep(folder, came(folder, PNG))
    for _ in range(2):
        assert await storage.write(receive_messages, [_incoming(1, kept)]) == [True]

    awaited = awaited_file(came(folder, PNG))
    waiting = _incoming(2, awaited, notes=awaited.notes, is_told=False, file=None, wa_id=WaId("LATE"))
    await storage.write(receive_messages, [waiting])
    assert kept.row is not None
    row = msgspec.structs.replace(kept.row, id=MediaId(10))
    for _ in range(2):
        assert await storage.write(receive_messages, [_incoming(3, kept, media=row, wa_id=WaId("LATE"))]) == [True]


async def test_a_message_whose_file_never_comes_says_so_in_the_end(storage: Storage, folder: Path) -> None:
    """Webhooks hear it then, without a file."""
    await storage.write(open_account, ACCOUNT)
    awaited = awaited_file(came(folder, PNG))
    await storage.write(receive_messages, [_incoming(1, awaited, notes=awaited.notes, is_told=False, file=None)])
    lost = await keep(folder, msgspec.structs.replace(came(folder, PNG), path=""))
    await storage.write(receive_messages, [_incoming(2, lost, notes=lost.notes, file=None)])
    shown = await storage.read(show_message, MessageId(1))
    assert shown is not None and shown.notes == (Note.FILE_LOST,)


def _incoming(id_: int, kept: KeptMedia, **changes: object) -> Incoming:
    incoming = Incoming(
        id=MessageId(id_),
        account=ACCOUNT,
        device=DEVICE,
        chat=ALICE,
        sender=ALICE,
        name="Alice",
        wa_id=WaId("IN"),
        content=kept.content,
        reply_to=None,
        at=1_000,
        media=kept.row,
        file=FILE,
    )
    return msgspec.structs.replace(incoming, **changes)


async def _rows(tx: Tx, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await tx.all(sql)]


# -- addresses --


def links(key: bytes = b"k" * 32) -> FileLinks:
    return FileLinks(key, lambda: "https://shop.example/")


def token_of(link: str) -> str:
    return link.split("/")[4]


def test_a_files_address_is_the_same_each_time_and_ends_with_the_file() -> None:
    """Whole seconds: at its end it opens nothing any more."""
    link = links().link(FILE)
    assert link == links().link(FILE)
    assert link.startswith("https://shop.example/files/") and link.endswith("/foto%20saya.jpg")
    assert links().read(token_of(link), Millis(UNTIL - 1)) == FILE.media
    assert links().read(token_of(link), UNTIL) is None


def test_an_address_cannot_be_made_without_the_key() -> None:
    """Nor changed into that of another file or a later day."""
    token = links().token(FILE)
    others = [links(b"x" * 32).token(FILE), "", "a", "%", "ü", token[:-4], token + "AAAA", "A" * len(token)]
    flipped = [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(len(token) - 1)]
    assert {links().read(each, Millis(0)) for each in [*others, *flipped]} == {None}


@pytest.mark.parametrize(("name", "body"), CONTENT.items())
async def test_each_kind_that_comes_has_its_own_limit(folder: Path, name: str, body: bytes) -> None:
    """By its content: whatever the network calls it. At the limit it is kept."""
    most = 100_000
    others = dict.fromkeys(map(str, MediaKind), 10 * most)
    limits = FileLimits(**{**others, name: most})

    async def kept(size: int) -> KeptMedia:
        media = came(folder, body.ljust(size, b"x"))
        store = FolderStore(folder / "media")
        return await keep_received(media, MediaId(9), ACCOUNT, store, folder / "spool", limits)

    assert (await kept(most)).notes == ()
    assert (await kept(most + 1)).notes == (Note.FILE_TOO_LARGE,)
