"""Which store of files the settings name."""

from merpati.storage.files import FileStore, FolderStore
from merpati.storage.folder import DataFolder


class ExtraMissing(Exception):
    """A setting needs an optional part of merpati that is not installed."""

    def __init__(self, extra: str) -> None:
        super().__init__(f"not installed: pip install 'merpati[{extra}]'")
        self.extra = extra


async def open_files(url: str, folder: DataFolder, *, endpoint: str, region: str, room_mb: int) -> FileStore:
    """The bucket at `url`, or the media folder where there is none.

    Raises `FilesGone`, and `ExtraMissing` where the bucket's library is not installed.
    """
    if not url:
        return FolderStore(folder.media)
    try:
        from merpati.storage.s3 import S3FileStore
    except ImportError:
        raise ExtraMissing("s3") from None
    return await S3FileStore.open(
        url, folder.cache, endpoint=endpoint, region=region, cache_bytes=room_mb * 1_000_000
    )
