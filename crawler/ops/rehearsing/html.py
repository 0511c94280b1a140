"""The report of a rehearsal as an HTML page that can be sent to somebody: a file that loads and runs nothing.

Not here: what is counted (`crawler.ops.rehearsing.rehearsal`).
"""

from __future__ import annotations

from gettext import gettext as _
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72em;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "table{border-collapse:collapse;margin:1em 0}th,td{border:1px solid #ccc;padding:.25em .6em;text-align:left;"
    "vertical-align:top}td.n{text-align:right}td.bad{background:#fdd}mark{background:#fe9}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th,td{border-color:#444}"
    "td.bad{background:#622}mark{background:#664;color:inherit}}"
)
_CHANGES = ("unchanged", "filled", "emptied", "changed")


def page_of(report: Mapping[str, Any], title: str) -> str:
    """Return the page of a report."""
    return "\n".join(
        [
            # The translation of `en` is the code of its language.
            f'<!doctype html>\n<html lang="{_("en")}">\n<meta charset="utf-8">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width">',
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n<h1>{escape(title)}</h1>",
            f"<p>{escape(summary(report))}</p>",
            *_table("", report),
            *(line for name, each in report["layouts"].items() for line in _table(_("Layout {name}"), each, name)),
            *(line for name, each in report["outlets"].items() for line in _table(_("Outlet {name}"), each, name)),
            *_examples(report["examples"]),
            "</html>\n",
        ]
    )


def summary(report: Mapping[str, Any]) -> str:
    """Return the report in a sentence."""
    told = _("{pages} pages read, {refused} of stored posts would be refused, {stored} refused ones would be stored.")
    return told.format(pages=report["pages"], refused=report["refused_now"], stored=report["stored_now"])


def _table(heading: str, counts: Mapping[str, Any], name: str = "") -> Iterator[str]:
    if heading:
        yield f"<h2>{escape(heading.format(name=name or '–'))}</h2>"
    columns = (_("field"), _("unchanged"), _("filled"), _("emptied"), _("changed"))
    yield "<table><tr>" + "".join(f"<th>{escape(column)}</th>" for column in columns) + "</tr>"
    for field, changes in counts["fields"].items():
        cells = (
            f'<td class="n{" bad" if change == "emptied" and changes[change] else ""}">{changes[change]}</td>'
            for change in _CHANGES
        )
        yield f"<tr><td>{escape(field)}</td>{''.join(cells)}</tr>"
    yield "</table>"


def _examples(examples: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rows = [_row(example) for example in examples]
    if rows:
        columns = (_("address"), _("field"), _("was"), _("would be"))
        yield f"<h2>{escape(_('Examples'))}</h2>"
        yield "<table><tr>" + "".join(f"<th>{escape(column)}</th>" for column in columns) + "</tr>"
        yield from rows
        yield "</table>"


def _row(example: Mapping[str, Any]) -> str:
    what = f"{example['field']} {example['change']}".strip()
    cells = (example["url"], what, example["was"], example["now"])
    return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"
