"""Makes the catalogs in `crawler/locale/`: takes in new messages of the sources, and compiles the translations.

`make languages` runs this. New messages are then in the `.po` files without a translation. Write it, and run this
again to have it compiled. What the sources no longer say is dropped.

Not here: using the catalogs (`crawler.language`).
"""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import crawler
from crawler import cli
from crawler.cli.shell.help import message_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = Path(crawler.__file__).parent
CATALOGS = PACKAGE / "locale/zh/LC_MESSAGES"
_WEB = PACKAGE / "web"
# Where among the arguments of a function there are messages. Pages in a browser have a domain of their own for what
# they say, but not for sentences, which are shown elsewhere too.
_CALLS = {"_": slice(1), "gettext": slice(1), "translate": slice(1), "ngettext": slice(2)}
_SENTENCES = {
    **dict.fromkeys(("Sentence", "__init__", "FinewsError", "UsageError", "ArchiveError"), slice(1)),
    "WrongValueError": slice(1, 2),
    "SiteError": slice(2, 3),
    "BadDocumentError": slice(1),
    "counted": slice(1, 3),
}
# Of click, what nobody meets here is left out: asking for input, bars of progress, Windows.
_CLICK = ("core", "decorators", "exceptions", "formatting", "parser", "shell_completion", "types")
_HEADER = """\
# Chinese (simplified) translations of finews-archive. `make languages` brings in new messages.
msgid ""
msgstr ""
"Language: zh\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""

_NO_MATTER_WHEN = datetime(2026, 1, 1, tzinfo=UTC)  # so that the same messages make the same file

_Message = str | tuple[str, ...]


def messages(domain: str) -> Catalog:
    """Return all messages of a domain, each with the files or the part of the program it is from."""
    catalog = Catalog(locale="zh", domain=domain)
    for place, message in {"finews": _of_the_program, "web": _of_the_web}[domain]():
        catalog.add(message, locations=[(place, 1)])
    return catalog


def domains() -> list[str]:
    """Return the domains that there are: the program's, and that of the pages for browsers."""
    return ["finews", "web"] if _WEB.is_dir() else ["finews"]


def _of_the_program() -> Iterator[tuple[str, _Message]]:
    yield from (("help", text) for text in message_ids(cli.main))
    for path in sorted(PACKAGE.rglob("*.py")):
        places = _SENTENCES if path.is_relative_to(_WEB) else _CALLS | _SENTENCES
        yield from ((str(path.relative_to(PACKAGE)), message) for message in _said_in(path, places))
    for module in _CLICK:
        yield from (
            ("click", message) for message in _said_in(Path(click.__file__).with_name(f"{module}.py"), _CALLS)
        )


def _of_the_web() -> Iterator[tuple[str, _Message]]:
    for path in sorted(_WEB.rglob("*.py")):
        yield from ((str(path.relative_to(_WEB)), message) for message in _said_in(path, _CALLS))
    for name, _line, message, _comments, _context in extract_from_dir(_WEB, [("**.html", "jinja2")]):
        yield name, message


def composed(path: Path) -> list[str]:
    """Return the messages of a module that have their values in them already, so that no catalog can have them."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    places = {**_CALLS, **_SENTENCES, "__init__": slice(0)}  # not only errors have one
    messages = (part for node in calls for part in node.args[places.get(_called(node), slice(0))])
    return [ast.unparse(part) for part in messages if isinstance(part, ast.JoinedStr)]


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _said_in(path: Path, places: Mapping[str, slice]) -> Iterator[_Message]:
    """Yield each message of a module: what is a literal at one of these places among the arguments of a function."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    for node in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        name = _called(node)
        arguments = node.args[places.get(name, slice(0))]
        texts = tuple(part.value for part in arguments if isinstance(part, ast.Constant) and part.value)
        if name == "counted" and all(text.replace(" ", "").isalpha() for text in texts):
            nouns = texts if len(texts) != 1 else (*texts, f"{texts[0]}s")
            yield from (f"{{count}} {noun}" for noun in nouns)
        elif texts and name != "counted":
            yield texts if texts[1:] else texts[0]


def updated(domain: str) -> Catalog:
    """Return the translations of a domain with exactly the messages of the sources."""
    path = CATALOGS / f"{domain}.po"
    if not path.exists():
        return messages(domain)
    with path.open("rb") as opened:
        catalog = read_po(opened, locale="zh", domain=domain)
    catalog.update(messages(domain), no_fuzzy_matching=True, update_creation_date=False)
    return catalog


def main() -> None:
    """Write the catalogs of each domain."""
    CATALOGS.mkdir(parents=True, exist_ok=True)
    for domain in domains():
        catalog = updated(domain)
        with (CATALOGS / f"{domain}.po").open("wb") as opened:
            opened.write(_HEADER.encode())
            write_po(opened, catalog, width=118, include_lineno=False, ignore_obsolete=True, omit_header=True)
        catalog.creation_date = _NO_MATTER_WHEN
        with (CATALOGS / f"{domain}.mo").open("wb") as opened:
            write_mo(opened, catalog)
        missing = [message.id for message in catalog if message.id and not message.string]
        print(f"{domain}: {len(catalog)} messages, {len(missing)} of them without a translation")  # noqa: T201


if __name__ == "__main__":
    main()
