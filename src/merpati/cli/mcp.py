"""`merpati mcp`: a server for an assistant, on standard input and output, until they are closed."""

import logging
import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

import click

from merpati.cli.spoken import SpokenCommand, SpokenOption, language_now, language_option
from merpati.cli.troubles import Trouble, run

KEY = "MERPATI_KEY"
"""Or a file: what is typed as an argument stands in the list of processes."""


@click.command("mcp", cls=SpokenCommand, help="cli.help.mcp")
@click.option(
    "--url", envvar="MERPATI_URL", default="http://127.0.0.1:8080", cls=SpokenOption, help="cli.help.mcp_url"
)
@click.option(
    "--key-file",
    envvar="MERPATI_KEY_FILE",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    cls=SpokenOption,
    help="cli.help.mcp_key_file",
)
@click.option("--must-ask", is_flag=True, cls=SpokenOption, help="cli.help.mcp_must_ask")
@language_option
def mcp(url: str, key_file: Path | None, must_ask: bool) -> None:
    logging.basicConfig(level=logging.WARNING)  # to standard error: the output is the protocol's
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise Trouble("cli.mcp.url_invalid", url=url)
    key = key_file.read_text(encoding="utf-8").strip() if key_file is not None else os.environ.get(KEY, "").strip()
    if not (key.isascii() and key.isprintable() and key):
        raise Trouble("cli.mcp.no_key")
    try:
        from merpati.cli.mcp_serving import serve
    except ModuleNotFoundError:
        raise Trouble("cli.trouble.extra_missing", extra="mcp") from None
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # else it waits for the input, which a thread is reading
    run(serve(url, key, language=language_now(), must_ask=must_ask))
