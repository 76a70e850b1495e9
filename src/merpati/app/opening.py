"""From settings to the parts: folder, database, files, ways to WhatsApp."""

import contextlib
from collections.abc import AsyncIterator

from merpati.app.gateway import SEALING_KEY, Gateway
from merpati.config import Config
from merpati.core.clock import Clock, SystemClock
from merpati.core.crashpoint import arm
from merpati.core.tokens import Sealer
from merpati.egress.client import Egress
from merpati.storage.folder import DataFolder
from merpati.storage.migrate import migrate
from merpati.storage.places import open_files
from merpati.storage.port import Storage
from merpati.storage.postgres import PostgresStorage
from merpati.storage.sqlite import SqliteStorage
from merpati.wiring import cloud_link, linked_settings, open_transports


async def open_storage(config: Config, folder: DataFolder, clock: Clock) -> Storage:
    """The database that the settings name, as it is. Raises `StorageGone`."""
    if config.database:
        return await PostgresStorage.open(config.database, clock)
    return await SqliteStorage.open(folder.database, clock)


@contextlib.asynccontextmanager
async def open_gateway(config: Config, clock: Clock | None = None) -> AsyncIterator[Gateway]:
    """Everything, not yet running; closed at the end of the block.

    Raises `FolderInUse`, `SchemaTooNew`, `StorageGone`, `ExtraMissing`, `OSError` (folder, the simulator's socket).
    """
    clock = clock or SystemClock()
    arm(config.crash_at)
    folder = DataFolder(config.data)
    folder.take()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(folder.release)
        storage = await open_storage(config, folder, clock)
        stack.push_async_callback(storage.close)
        await migrate(storage)
        files = await open_files(
            config.files,
            folder,
            endpoint=config.s3_endpoint,
            region=config.s3_region,
            room_mb=config.files_cache_mb,
        )
        sealer = Sealer(folder.key(SEALING_KEY))
        transports = await open_transports(
            folder.simulator,
            config.simulator_socket,
            config.simulator_faults,
            clock,
            open_cloud=lambda: cloud_link(
                config.graph_url,
                storage,
                sealer,
                clock,
                spool=folder.spool,
                most_bytes=config.file_limits.most,
            ),
            linked=linked_settings(
                folder.linked,
                folder.spool,
                most_bytes=config.file_limits.most,
                devices_per_worker=config.linked_per_worker,
                proxy=config.linked_proxy,
                worker=config.linked_worker,
            ),
        )
        stack.push_async_callback(transports.close)
        egress = Egress(config.allow_hosts)
        stack.push_async_callback(egress.close)
        gateway = Gateway(config, clock, folder, storage, files, transports, egress)
        stack.push_async_callback(gateway.lane.close)
        yield gateway
