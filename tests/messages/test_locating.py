"""What a transport gets of a message with a file, and what becomes of one whose file cannot be had."""

from pathlib import Path

import pytest

from merpati.core.errors import Code
from merpati.core.ids import MessageId, WireRef
from merpati.messages.media import FILES_WAIT_MS, locate
from merpati.messages.model import Options, Priority, Taken
from merpati.storage.files import FilesGone, FolderStore
from merpati.transports.port import Media, MediaKind, SendError, SendFault
from tests.messages.outbox import ACCOUNT, ALICE, DEVICE


class GoneStore(FolderStore):
    """A store that cannot be reached."""

    async def locate(self, name: str) -> Path:
        raise FilesGone(name)


TAKEN = Taken(
    id=MessageId(1),
    account=ACCOUNT,
    device=DEVICE,
    chat=ALICE,
    content=Media(kind=MediaKind.IMAGE, path="9.png", mime="image/png", size_bytes=1, filename=""),
    options=Options(),
    wire_ref=WireRef("3EB0"),
    attempt=1,
    refusals=0,
    priority=Priority.SINGLE,
    handed_at=0,
)


async def test_a_transport_gets_the_files_real_path(tmp_path: Path) -> None:
    """The message has only its name."""
    (tmp_path / "9.png").write_bytes(b"x")
    outbound = await locate(FolderStore(tmp_path), TAKEN)

    assert isinstance(outbound.content, Media)
    assert outbound.content.path == str(tmp_path / "9.png")


async def test_a_file_that_is_gone_fails_its_message(tmp_path: Path) -> None:
    """No try brings it back."""
    with pytest.raises(SendError) as error:
        await locate(FolderStore(tmp_path), TAKEN)

    assert (error.value.fault, error.value.code) == (SendFault.CONTENT, Code.FILE_GONE)


async def test_a_message_waits_for_a_store_that_cannot_be_reached(tmp_path: Path) -> None:
    """As for a network that is too fast: that costs it no try."""
    with pytest.raises(SendError) as error:
        await locate(GoneStore(tmp_path), TAKEN)

    assert (error.value.fault, error.value.code) == (SendFault.RATE, Code.FILES_UNREACHABLE)
    assert error.value.retry_after_ms == FILES_WAIT_MS
