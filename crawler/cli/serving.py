"""The command `serve`, which opens the archive in a browser. Not here: the server (`crawler.web`)."""

from __future__ import annotations

import ipaddress
from contextlib import contextmanager
from gettext import gettext as _
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from crawler.cli.options import LAST_PORT, Count, archives_option
from crawler.errors import NotInstalled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.cli.options import Archives

PORT = 8080
"""Where the archive is served if no port is named."""

_EXTRA = {"starlette", "jinja2", "uvicorn", "markupsafe", "anyio"}


@click.command()
@archives_option
@click.option("--host", metavar="H", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    metavar="N",
    type=Count(0, LAST_PORT),
    default=PORT,
    show_default=True,
    help="The port to listen on; 0 takes a free one.",
)
@click.option(
    "--public-url",
    metavar="URL",
    default="",
    help="What readers call the server if it is behind another one: https://news.example.org.",
)
def serve(archive: Archives, host: str, port: int, public_url: str) -> None:
    """Show the archive in a browser, until it is stopped.

    Prints its address once it answers. Only this machine can reach it unless --host says otherwise. It only reads, so
    crawls may go on beside it.

    \b
    Example:
      finews serve
      finews serve --port 0 --archive output/archive.db
    """
    with needing_web("finews serve"):
        from crawler.web.serving import serve as serve_archive  # noqa: PLC0415  # only here, and not always installed

    if not _is_loopback(host):
        warning = _(
            "Warning: everybody who can reach {host} can read the whole archive, and nothing is encrypted: put a web"
            " server with HTTPS in front of it, or leave out --host."
        )
        click.echo(warning.format(host=host), err=True)
    serve_archive(archive, host, port, public_url, click.echo)


def has_web() -> bool:
    """Tell whether the packages of the extra `web` are there."""
    return all(find_spec(package) for package in _EXTRA)


@contextmanager
def needing_web(command: str) -> Iterator[None]:
    """Raise `NotInstalled` if the block imports a package of the extra `web` that is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        raise NotInstalled(command, "web") from error


def _is_loopback(host: str) -> bool:
    """Tell whether an address is reached by this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
