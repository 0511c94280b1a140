"""Pages from templates: Jinja2 with everything escaped, in the reader's language.

Not here: what is on a page (`crawler.web.pages`).
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from crawler import __version__
from crawler.language import said, translation
from crawler.web.showing.bodies import body_of
from crawler.web.showing.language import TAGS
from crawler.web.showing.moments import Moments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from gettext import NullTranslations

    from crawler.web.addresses import Place
    from crawler.web.asked import Asked


def page(asked: Asked, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return the page that a template makes of these values."""
    return rendered(asked.place, asked.language, template, status=status, moments=moments_of(asked), **values)


def rendered(place: Place, language: str, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page that needs no archive."""
    html = (
        environment(language)
        .get_template(template)
        .render(
            place=place,
            to=place.to,
            here=place.here,
            language=language,
            tag=TAGS[language],
            version=__version__,
            status=status,
            **values,
        )
    )
    return HTMLResponse(html, status)


def moments_of(asked: Asked) -> Moments:
    """Return what writes times in the reader's language."""
    return Moments(asked.language, asked.now, asked.zone, partial(_counted, asked.language))


def _(text: str) -> str:
    """Mark a text to be translated, and return it."""
    return text


def says(language: str, text: str, **values: Any) -> str:
    """Return a text in a language, with values in the places of `%(name)s`."""
    return translations(language).gettext(text) % values


def _counted(language: str, singular: str, plural: str, number: int) -> str:
    return translations(language).ngettext(singular, plural, number) % {"num": number}


@cache
def translations(language: str) -> NullTranslations:
    """Return the words of the pages in a language."""
    return translation(language, "web")


@cache
def environment(language: str) -> Environment:
    """Return the templates, which speak a language."""
    made = Environment(
        loader=PackageLoader("crawler.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # of the extension
    made.filters |= {
        "marked": marked,
        "thousands": thousands,
        "body": body_of,
        "said": partial(said, translate=translation(language).gettext),
    }
    made.policies["ext.i18n.trimmed"] = True
    return made


def marked(text: str, highlights: Iterable[Sequence[int]]) -> Markup:
    """Return text with its highlights marked."""
    parts, at = [], 0
    for start, end in highlights:
        parts += [Markup("{}<mark>{}</mark>").format(text[at:start], text[start:end])]
        at = end
    return Markup("").join([*parts, text[at:]])


def thousands(number: int) -> str:
    """Write a number with its thousands apart: `12,345`."""
    return f"{number:,}"
