"""Printing what `try` has found on pages. Not here: finding it (`crawler.ops.trying`)."""

from __future__ import annotations

from datetime import datetime
from gettext import gettext as _
from gettext import ngettext
from typing import TYPE_CHECKING

import click

from crawler import reasons
from crawler.cli.output.words import KINDS_OF_ADDRESSES
from crawler.cli.printing import say
from crawler.cli.shell.wrapping import columns
from crawler.language import Sentence, said
from crawler.text.outside import one_line
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from crawler.ops.trying.trial import FieldTrial, Trial

_NAMED = 14  # columns for the name of a field
_WIDEST = 80  # columns of a value
_LINES, _LINKS = 4, 5  # of a body, and of each kind
_KINDS = {
    **KINDS_OF_ADDRESSES,
    "feed": Sentence("feed or sitemap"),
    "nobody": Sentence("on the site, but nobody's"),
    "elsewhere": Sentence("elsewhere"),
}


def trial(told: Trial, zone: ZoneInfo, advice: str | None) -> None:
    """Print a page: how it ended, what came of each field, or of the links by kind; last what to do about it.

    `zone` is the site's time zone.
    """
    say(click.style(told.page, bold=True))
    if told.address and told.address != told.page:
        say(_("  at {address}").format(address=told.address))
    say(f"  {_headline(told)}")
    for name, field in told.fields.items():
        _field(name, field, zone)
    if told.is_unlikely:
        say(_("  → The date is unlikely, and a crawl marks the post so."))
    for kind, urls in sorted(told.links.items(), key=lambda each: list(_KINDS).index(each[0])):
        _links(kind, urls)
    if advice:
        say(f"  → {said(advice)}")


def _headline(told: Trial) -> str:
    kind = said(KINDS_OF_ADDRESSES[told.kind]) if told.kind else _("nobody's address")
    what = " · ".join(
        filter(
            None,
            [
                kind if told.address else _("address not known"),
                told.id,
                _("layout {name}").format(name=told.layout) if told.layout else "",
            ],
        )
    )
    if told.outcome == "read":
        return _("{what}: {outcome}").format(what=what, outcome=click.style(_("can be read"), fg="green"))
    ended = reasons.said(f"{told.outcome}: {told.reason}")
    rule = _(" (rule {rule})").format(rule=told.rule) if told.rule else ""
    return _("{what}: {outcome}").format(what=what, outcome=f"{click.style(ended, fg='red')}{rule}")


def _field(name: str, field: FieldTrial, zone: ZoneInfo) -> None:
    """Print a field: what was made of it, which rule found what, and the rules that found nothing."""
    say(f"  {name:{_NAMED}}{_value(name, field.value, zone)}")
    if name == "body" and isinstance(field.value, str):
        _beginning(field.value)
    if field.rule:
        _by(f"{field.rule}{_found(name, field)}")
    for rule in field.empty:
        _by(_("{rule}: found nothing").format(rule=rule))


def _value(name: str, value: str | list[str] | None, zone: ZoneInfo) -> str:
    if not value:
        return click.style(_("nothing"), dim=True)
    if isinstance(value, list):
        return _cut(_(", ").join(value))
    if name == "date":
        return _moment(value, zone)
    return _size(value) if name == "body" else _cut(value)


def _moment(written: str, zone: ZoneInfo) -> str:
    """Return a time with its offset, and with the name of the site's zone if it is in that."""
    point = datetime.fromisoformat(written)
    is_local = point.utcoffset() == point.replace(tzinfo=zone).utcoffset()
    return f"{written[:10]} {written[11:19]} {written[19:]}" + (f" ({zone.key})" if is_local else "")


def _cut(text: str) -> str:
    """Return text on one line that a terminal has room for, where Chinese characters take two columns each."""
    line = one_line(text, _WIDEST)
    while columns(line) > _WIDEST:
        line = f"{line[:-2]}…"
    return line


def _found(name: str, field: FieldTrial) -> str:
    """Return what a rule found, unless that is what is shown anyway."""
    if name == "body" or field.found is None or field.found == field.value:
        return ""
    found = field.found if isinstance(field.found, str) else _(", ").join(field.found)
    return _(", found {found}").format(found=_cut(found))


def _by(line: str) -> None:
    say(click.style(f"  {'':{_NAMED}}  {line}", dim=True))


def _size(body: str) -> str:
    paragraphs = sum(1 for part in body.split("\n\n") if part.strip())
    return _("{characters} in {paragraphs}").format(
        characters=said(counted(len(body), "character")), paragraphs=said(counted(paragraphs, "paragraph"))
    )


def _beginning(body: str) -> None:
    lines = [line for line in body.splitlines() if line.strip()]
    for line in lines[:_LINES]:
        say(f"  {'':{_NAMED}}│ {_cut(line)}")
    if len(lines) > _LINES:
        say(f"  {'':{_NAMED}}│ …")


def _links(kind: str, urls: Sequence[str]) -> None:
    say(f"  {len(urls):5}  {said(_KINDS[kind])}")
    for url in urls[:_LINKS]:
        say(f"         {one_line(url)}")
    if len(urls) > _LINKS:
        rest = len(urls) - _LINKS
        say("         " + ngettext("and {count} more", "and {count} more", rest).format(count=rest))
