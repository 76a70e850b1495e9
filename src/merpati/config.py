"""Every setting, in one frozen struct: name, type, default, unit, sentence. Read once, handed down as values.

Each is also an environment variable: `MERPATI_` and the name in capitals.
"""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force. `merpati config` prints it with each value's origin."""

    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(description="Port to listen on.", ge=0, le=65535)] = 8080
    data: Annotated[Path, Meta(description="Folder of everything that merpati keeps.")] = Path("merpati-data")
    database: Annotated[
        str, Meta(description="PostgreSQL address (postgresql://…); empty: SQLite in the data folder.")
    ] = ""
    public_url: Annotated[
        str, Meta(description="Address under which others reach this server; empty: http://host:port.")
    ] = ""
    lease_s: Annotated[
        float, Meta(description="Seconds after which a silent process loses its devices to another.", ge=1)
    ] = 15.0
    expire_after_h: Annotated[
        float, Meta(description="Hours a due message waits for a disconnected device before it expires.", gt=0)
    ] = 24.0
    request_log_days: Annotated[int, Meta(description="Days the request log is kept.", ge=1)] = 7
    log_days: Annotated[int, Meta(description="Days the log of facts is kept, and so webhooks retried.", ge=1)] = 7
    idempotency_hours: Annotated[int, Meta(description="Hours an Idempotency-Key is remembered.", ge=1)] = 72
    max_body_mb: Annotated[int, Meta(description="Largest request body, in megabytes.", ge=1)] = 32
    max_attachment_mb: Annotated[int, Meta(description="Largest attachment, in megabytes.", ge=1)] = 10
    max_tries: Annotated[int, Meta(description="Hand-overs of one message before it fails.", ge=1)] = 5
    allow_hosts: Annotated[
        tuple[str, ...],
        Meta(description="Private hosts (name, address or network) that webhooks and attachments may reach."),
    ] = ()
    simulator_socket: Annotated[
        str, Meta(description="Socket of a simulated network in a process of its own; empty: one inside ours.")
    ] = ""
    simulator_faults: Annotated[
        str, Meta(description="File with scripted faults for the simulated network; empty: none.")
    ] = ""
    crash_at: Annotated[
        str, Meta(description="For the fault suite: name of the point at which the process kills itself.")
    ] = ""
