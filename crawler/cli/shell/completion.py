"""Completion of commands and options in bash, zsh and fish: `--install-completion` and `--show-completion`.

click makes the script for each shell, and answers it with what may come next. Not here: what may come next.
"""

from __future__ import annotations

import os
import shlex
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from crawler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

SHELLS = ("bash", "zsh", "fish")
_ASK = "ask"  # the value of an option that is given without a shell
_PROGRAM, _VARIABLE = "finews", "_FINEWS_COMPLETE"
# zsh completes nothing before compinit has run, and not everybody has it run.
_BEFORE = {"zsh": "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }\n"}


class Places(NamedTuple):
    """Where a shell finds completions: the script, and the file that reads it at the start, if that is needed."""

    script: Path
    start: Path | None


def places(shell: str, environment: Mapping[str, str]) -> Places:
    """Return where the completion of a shell belongs, by the XDG base directories and the shell's own rules."""
    home = Path(environment.get("HOME") or Path.home())
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local/share")
    if shell == "bash":
        return Places(data / "bash-completion/completions" / _PROGRAM, home / ".bashrc")
    if shell == "zsh":
        start = Path(environment.get("ZDOTDIR") or home) / ".zshrc"
        return Places(data / _PROGRAM / "completion.zsh", start)
    settings = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    return Places(settings / "fish/completions" / f"{_PROGRAM}.fish", None)


def install(text: str, where: Places) -> list[Path]:
    """Write a script, and a line that reads it, where they are not yet; return the files that were changed.

    Raises `UsageError` if one cannot be written.
    """
    line = f". {shlex.quote(str(where.script))}"
    try:
        changed = [where.script] if _replaced(where.script, text) else []
        return [*changed, where.start] if where.start and _appended(where.start, line) else changed
    except OSError as error:
        raise UsageError(
            "{path} cannot be written: {reason}; `finews --show-completion` prints the script.",
            path=error.filename,
            reason=error.strerror,
        ) from error


def _replaced(path: Path, text: str) -> bool:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    from crawler.drafts import replacing  # noqa: PLC0415  # completing needs none

    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")
    return True


def _appended(path: Path, line: str) -> bool:
    """Append a line to a file, which may be a link to one, unless it is there."""
    written = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
    if line in written.splitlines():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as opened:
        opened.write(f"{'' if written.endswith(chr(10)) or not written else chr(10)}{line}\n")
    return True


def _script(command: click.Command, shell: str) -> str:
    from click.shell_completion import get_completion_class  # noqa: PLC0415  # only here

    made = get_completion_class(shell)
    assert made is not None
    return _BEFORE.get(shell, "") + made(command, {}, _PROGRAM, _VARIABLE).source()


def _shell(asked: str) -> str:
    """Return the shell that is asked for, or else the user's own."""
    shell = Path(os.environ.get("SHELL", "")).name if asked == _ASK else asked
    if shell not in SHELLS:
        raise click.UsageError(_("Which shell? Name it: {shells}.").format(shells=", ".join(SHELLS)))
    return shell


def _install(ctx: click.Context, _option: click.Parameter, asked: str | None) -> None:
    if not asked or ctx.resilient_parsing:
        return
    shell = _shell(asked)
    where = places(shell, os.environ)
    for path in install(_script(ctx.command, shell), where):
        click.echo(_("Written: {path}").format(path=path))
    click.echo(_("Each {shell} that is opened from now on completes `finews`.").format(shell=shell))
    ctx.exit()


def _show(ctx: click.Context, _option: click.Parameter, asked: str | None) -> None:
    if not asked or ctx.resilient_parsing:
        return
    click.echo(_script(ctx.command, _shell(asked)), nl=False)
    ctx.exit()


install_option = click.option(
    "--install-completion",
    metavar="[SHELL]",
    is_flag=False,
    flag_value=_ASK,
    is_eager=True,
    expose_value=False,
    callback=_install,
    help="Have a shell (bash, zsh or fish; by default yours) complete commands and options, and exit.",
)
show_option = click.option(
    "--show-completion",
    metavar="[SHELL]",
    is_flag=False,
    flag_value=_ASK,
    is_eager=True,
    expose_value=False,
    callback=_show,
    help="Print what --install-completion writes, and exit.",
)
