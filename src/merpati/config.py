"""Every setting, in one frozen struct: name, type, default, unit, sentence. Read once, handed down as values.

Each is also an environment variable: `MERPATI_` and the name in capitals.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from merpati.api.v1.bucket import Budget
from merpati.egress.networks import parse_allowed
from merpati.messages.file_limits import MB, FileLimits


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
    expire_after_hours: Annotated[
        float, Meta(description="Hours a due message waits for a disconnected device before it expires.", gt=0)
    ] = 24.0
    request_log_days: Annotated[int, Meta(description="Days the request log is kept.", ge=1)] = 7
    log_days: Annotated[int, Meta(description="Days the log of facts is kept, and so webhooks retried.", ge=1)] = 7
    idempotency_hours: Annotated[int, Meta(description="Hours an Idempotency-Key is remembered.", ge=1)] = 72
    max_body_mb: Annotated[int, Meta(description="Largest request body, in megabytes, without its file.", ge=1)] = (
        32
    )
    max_image_mb: Annotated[int, Meta(description="Largest picture (png, jpg, webp), in megabytes.", ge=1)] = 10
    max_video_mb: Annotated[int, Meta(description="Largest video (mp4), in megabytes.", ge=1)] = 10
    max_audio_mb: Annotated[int, Meta(description="Largest sound (mp3), in megabytes.", ge=1)] = 10
    max_document_mb: Annotated[
        int, Meta(description="Largest document (pdf, doc, docx, xls, xlsx, csv, txt), in megabytes.", ge=1)
    ] = 10
    unsent_files_mb: Annotated[
        int,
        Meta(description="Room for what an account has uploaded and not sent yet, in megabytes; 0: any.", ge=0),
    ] = 1000
    media_days: Annotated[
        int,
        Meta(description="Days a file is kept that came or was sent; a message that waits keeps its own.", ge=1),
    ] = 7
    files: Annotated[
        str,
        Meta(description="Bucket for files (s3://bucket/prefix; needs `merpati[s3]`); empty: the data folder."),
    ] = ""
    s3_endpoint: Annotated[
        str, Meta(description="Address of an S3 service that is not Amazon's; empty: Amazon's.")
    ] = ""
    s3_region: Annotated[str, Meta(description="Region of the bucket.")] = "us-east-1"
    files_cache_mb: Annotated[
        int, Meta(description="Room for copies of the bucket's files on this machine, in megabytes.", ge=0)
    ] = 1000
    max_tries: Annotated[int, Meta(description="Refusals of one message for now before it fails.", ge=1)] = 5
    calls_per_s: Annotated[
        float,
        Meta(
            description="Calls of the API v1 a second that a key, session or token may go on making; 0: any.", ge=0
        ),
    ] = 100.0
    calls_at_once: Annotated[
        int, Meta(description="Calls of the API v1 that one of them may make at once after a rest.", ge=1)
    ] = 400
    stranger_calls_per_s: Annotated[
        float, Meta(description="The same of one address, for calls that are not let in; 0: any.", ge=0)
    ] = 10.0
    stranger_calls_at_once: Annotated[
        int, Meta(description="Such calls that one address may make at once after a rest.", ge=1)
    ] = 100
    allow_hosts: Annotated[
        tuple[str, ...],
        Meta(description="Private hosts (name, address or network) that webhooks and attachments may reach."),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Addresses or networks of proxies whose X-Forwarded-For is believed; none: nobody's."),
    ] = ()
    graph_url: Annotated[str, Meta(description="Address of Meta's Graph API, with its version.")] = (
        "https://graph.facebook.com/v26.0"
    )
    simulator_socket: Annotated[
        str, Meta(description="Socket of a simulated network in a process of its own; empty: one inside ours.")
    ] = ""
    simulator_faults: Annotated[
        str, Meta(description="File with scripted faults for the simulated network; empty: none.")
    ] = ""
    linked_proxy: Annotated[
        str, Meta(description="Proxy of linked phones (http://… or socks5://…); empty: the environment's, if any.")
    ] = ""
    linked_per_worker: Annotated[
        int,
        Meta(description="Linked phones in one process; more save memory, and a crash ends all of them.", ge=1),
    ] = 1
    linked_worker: Annotated[
        str, Meta(description="For tests: the command that runs linked phones, in place of merpati's own.")
    ] = ""
    crash_at: Annotated[
        str, Meta(description="For the fault suite: name of the point at which the process kills itself.")
    ] = ""

    @property
    def file_limits(self) -> FileLimits:
        return FileLimits(
            image=self.max_image_mb * MB,
            video=self.max_video_mb * MB,
            audio=self.max_audio_mb * MB,
            document=self.max_document_mb * MB,
        )

    @property
    def unsent_bytes(self) -> int:
        return self.unsent_files_mb * MB

    @property
    def budgets(self) -> tuple[Budget, Budget]:
        """Of who is known, and of strangers."""
        return (
            Budget(self.calls_per_s, self.calls_at_once),
            Budget(self.stranger_calls_per_s, self.stranger_calls_at_once),
        )


class BadSetting(ValueError):
    """A setting that cannot be used; `name` is the setting's, the message says what is wrong."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


class Loaded(msgspec.Struct, frozen=True):
    """The settings in force, and where each came from: `default`, `environment` or `flag`."""

    config: Config
    origins: dict[str, str]


def load_config(environ: Mapping[str, str], flags: Mapping[str, object]) -> Loaded:
    """The settings: defaults, then `MERPATI_…` variables, then flags that are not None; raises `BadSetting`.

    A list in a variable is separated by commas. A variable that is no setting's is refused, since a mistyped name
    would otherwise be a setting silently left at its default.
    """
    values: dict[str, object] = {}
    origins = dict.fromkeys(Config.__struct_fields__, "default")
    for name, text in _of_environment(environ):
        values[name], origins[name] = text.split(",") if name in _LISTS and text else text, "environment"
    for name, value in flags.items():
        if value is not None:
            values[name], origins[name] = str(value) if isinstance(value, Path) else value, "flag"
    for name in _LISTS & values.keys():
        values[name] = [item.strip() for item in cast("list[str]", values[name] or []) if item.strip()]
    config = _convert(values)
    _check_hosts(config.allow_hosts)
    _check_files(config.files)
    _check_graph(config.graph_url)
    return Loaded(config, origins)


_LISTS = frozenset(field.name for field in msgspec.structs.fields(Config) if isinstance(field.default, tuple))
_NOT_SETTINGS = {"lang", "url", "key", "key_file", "test_postgres", "fault_kills", "fault_seed"}
"""`MERPATI_…` variables that others read: the command line's language, `merpati mcp`, the tests' server and fault
suite."""


def _of_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for variable, text in environ.items():
        if variable.startswith("MERPATI_"):
            name = variable.removeprefix("MERPATI_").lower()
            if name in Config.__struct_fields__:
                yield name, text
            elif name not in _NOT_SETTINGS:
                raise BadSetting(variable, "there is no such setting")


def _convert(values: dict[str, object]) -> Config:
    try:
        return msgspec.convert(values, Config, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        raise BadSetting(where.rstrip("`") or "settings", what) from None


def _check_hosts(hosts: tuple[str, ...]) -> None:
    try:
        parse_allowed(hosts)
    except ValueError as error:
        raise BadSetting("allow_hosts", str(error)) from None


def _check_files(files: str) -> None:
    if files and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^?#]*)?", files):
        raise BadSetting("files", "not s3://bucket or s3://bucket/prefix")


def _check_graph(url: str) -> None:
    """A token goes there: nothing but a server of the machine's own is spoken to without encryption."""
    if not re.fullmatch(r"(https://[^/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/[^?#]*)?", url):
        raise BadSetting("graph_url", "not https://host/version (http:// on this machine alone)")


def _decode(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value)).expanduser()
    raise NotImplementedError(kind)
