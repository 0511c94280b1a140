"""The language in which the program speaks to people: English, as in the sources, or Chinese, from `locale/`.

The translations are gettext catalogs, one per part of the program (its domain). click has gettext translate its own
words, so the command line does the same: within `speaking`, `gettext.gettext` answers both from our catalog. What is
stored, logged or printed as JSON stays English; it is translated only where it is shown.

Not here: the translations (`locale/`), and making them (`make languages`).
"""

from __future__ import annotations

import gettext
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LANGUAGES = ("en", "zh")
DOMAIN = "finews"
"""The domain of the command line, and of all sentences that other parts show too: errors, alarms, reasons."""

_LOCALE = Path(__file__).with_name("locale")


class Sentence(str):
    """Text in English that `said` can say in other languages: a template, and the values that are put into it.

    It is its English text to whoever stores, logs or compares it.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Self:
        """`template` has the names of the values in braces, as `str.format` takes them; without values it is text.

        A sentence that is given instead stays what it is.
        """
        if isinstance(template, cls) and not values:
            return template
        sentence = super().__new__(cls, template.format(**values) if values else template)
        sentence.template, sentence.values = template, values
        return sentence

    def __getnewargs_ex__(self) -> tuple[tuple[str], Mapping[str, Any]]:
        """Let another process make it anew."""
        return (self.template,), self.values


def said(text: str, translate: Callable[[str], str] = gettext.gettext) -> str:
    """Return `text` as `translate` has it, by default in the process's language.

    Of a `Sentence`, the template is translated, and so are sentences among its values. Other text is translated if
    the catalog has it as it is.
    """
    if not isinstance(text, Sentence):
        return translate(text) if text else text  # gettext describes the catalog when asked for nothing
    values = {
        name: said(value, translate) if isinstance(value, Sentence) else value for name, value in text.values.items()
    }
    return translate(text.template).format(**values) if values else translate(text.template)


def translation(language: str, domain: str = DOMAIN) -> gettext.NullTranslations:
    """Return the translations of a domain into `language` (`zh`, `zh_CN`, …); without any, all stays English.

    This is for programs that answer several people at once, each in their language.
    """
    name = language.replace("-", "_").partition("_")[0].lower()
    catalog = _LOCALE / name / "LC_MESSAGES" / f"{domain}.mo"
    if name not in LANGUAGES or not catalog.is_file():
        return gettext.NullTranslations()
    with catalog.open("rb") as opened:
        return gettext.GNUTranslations(opened)


@contextmanager
def speaking() -> Iterator[None]:
    """Have gettext speak for this program, in the language that the environment asks for.

    That is the first that is set of FINEWS_LANG, and of those gettext knows: LANGUAGE, LC_ALL, LC_MESSAGES, LANG.
    """
    domain, language = gettext.textdomain(), os.environ.get("LANGUAGE")
    gettext.bindtextdomain(DOMAIN, str(_LOCALE))
    gettext.textdomain(DOMAIN)
    speak(os.environ.get("FINEWS_LANG") or language)
    try:
        yield
    finally:
        gettext.textdomain(domain)
        speak(language)


def speak(language: str | None) -> None:
    """Speak `language` from now on, and have programs that are started do so; with `None`, that of the locale."""
    if language is None:
        os.environ.pop("LANGUAGE", None)
    else:
        os.environ["LANGUAGE"] = language
