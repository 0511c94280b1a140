"""Writing a first definition of a site from the page of one of its posts.

Whatever comes from the page is quoted, so that it stays the value that it is. Not here: judging whether the
definition fits, which is done by trying it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crawler.extraction.budget import LISTING_SECONDS, budget
from crawler.ops.drafting import site as about
from crawler.ops.drafting.addresses import form_of
from crawler.ops.drafting.fields import Fields
from crawler.ops.drafting.quoting import comment, listed, of_page, quoted, rule
from crawler.sites.definition import Addresses, Site
from crawler.urls import authority_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.items import Page
    from crawler.ops.drafting.fields import Steps

UTC = ZoneInfo("UTC")
_ZONES = {"zh": "Asia/Shanghai", "ja": "Asia/Tokyo", "ko": "Asia/Seoul", "de": "Europe/Berlin", "fr": "Europe/Paris"}
_CATEGORY = "category: [{match: '^/category/(?P<slug>[^/]+)/$'}]"
_FALLBACKS: dict[str, list[Steps]] = {
    "title": [{"css": "title"}],
    "date": [{"css": "time", "attribute": "datetime"}],
    "body": [{"css": "article"}],
}


def draft(page: Page, robots: str = "", zone: ZoneInfo | None = None) -> str:
    """Return a definition, as YAML with comments, of the site of which `page` is a post.

    `robots` is the site's robots.txt; times without an offset are in `zone`. Raises `TooCostlyError` if the page
    takes too long to read.
    """
    with budget(LISTING_SECONDS):
        return _draft(page, robots, zone)


def _draft(page: Page, robots: str, given: ZoneInfo | None) -> str:
    url = page.fetch.address.url
    fields = Fields(page, _bare_site(authority_of(url), given or UTC))
    language = about.language_of(fields.tree, page.source)
    fields.zone = given or ZoneInfo(_ZONES.get(language, UTC.key))
    drafted = fields.all()
    lines = [
        comment(f"A first definition of {authority_of(url)}, written from {url}"),
        comment("Guesses are marked. `finews try --site THIS_FILE.yaml ADDRESS` shows what each rule finds."),
        "",
        *_site_lines(url, about.title_of(fields.tree, authority_of(url))),
        *_zone_lines(fields.zone, language, is_given=given is not None),
        comment("Guessed: the pages that list the newest posts."),
        "start: [/]",
        *_sources("feed", about.feeds_of(fields.tree, url)),
        *_sources("sitemap", about.sitemaps_of(fields.tree, robots, url)),
        "",
        *_address_lines(url),
        "",
        "layouts:",
        "  - name: post",
        f"    {comment('Guessed: a text that is in the source of every post, and of no other page.')}",
        f"    sign: {quoted(about.sign_of(page.source, _names(drafted)))}",
        *_field_lines(drafted),
        *_cut_lines(fields.cut(drafted)),
    ]
    return "\n".join(lines) + "\n"


def _bare_site(host: str, zone: ZoneInfo) -> Site:
    name = about.name_of(host)
    return Site(name=name, title=name, timezone=zone, hosts=(host,), addresses=Addresses(post=()), layouts=())


def _names(drafted: Mapping[str, list[Steps]]) -> list[str]:
    """Return the classes and ids by which the body is selected."""
    return re.findall(r"[.#]([\w-]+)", " ".join(str(steps.get("css", "")) for steps in drafted.get("body", [])))


def _site_lines(url: str, title: str) -> list[str]:
    host = authority_of(url)
    return [
        f"name: {quoted(about.name_of(host))}",
        f"title: {quoted(of_page(title))}",
        f"hosts: {listed([host])}",
        *(["scheme: http"] if url.startswith("http://") else []),
        *(["private: true"] if about.is_private(host) else []),
    ]


def _address_lines(url: str) -> list[str]:
    guess = form_of(url)
    return [
        "addresses:",
        "  post:",
        f"    {comment(f'Guessed from the address of this one post: {guess.doubt}.')}",
        f"    - match: {quoted(guess.match)}",
        f"  {comment('Pages that list the posts of a category, if there are any:')}",
        f"  {comment(_CATEGORY)}",
    ]


def _cut_lines(selectors: list[str]) -> list[str]:
    if not selectors:
        return []
    said = comment("Elements inside of the body that are no part of the article.")
    return ["", said, f"body: {{cut: {listed(selectors)}}}"]


def _zone_lines(zone: ZoneInfo, language: str, *, is_given: bool) -> list[str]:
    """Return the key of the time zone, with what it rests on."""
    line = f"timezone: {zone.key}"
    if is_given:
        return [line]
    if language in _ZONES:
        return [
            comment(f"Guessed from the page's language ({language}): where times without an offset are meant."),
            line,
        ]
    return [
        comment("Not known from the page: write where times without an offset are meant, as Europe/Berlin."),
        line,
    ]


def _sources(key: str, found: list[str]) -> list[str]:
    if not found:
        return [comment(f"{key}: /{key}.xml  (the page names none)")]
    return [f"{key}: {listed(found)}"]


def _field_lines(drafted: dict[str, list[Steps]]) -> list[str]:
    lines = []
    for name in dict.fromkeys((*_FALLBACKS, *drafted)):
        rules = drafted.get(name)
        if rules is None:
            lines.append(f"    {comment(f'Not found on the page, and no post is stored without its {name}.')}")
        if any("order" in steps for steps in rules or ()):
            lines.append(f"    {comment('Guessed: in which order day and month are written.')}")
        lines += [f"    {name}:", *(f"      - {rule(steps)}" for steps in rules or _FALLBACKS[name])]
    return lines
