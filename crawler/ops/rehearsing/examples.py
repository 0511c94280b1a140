"""Examples of what would be otherwise: was and would be, with the difference in words. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler.text.changes import Version, as_dict
from crawler.text.differences import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.items import Address
    from crawler.ops.rehearsing.comparing import Values, Verdict

_LONGEST = 300  # characters of a value that are shown
_REFUSED, _EMPTIED, _CHANGED, _FILLED = 4.0, 3.0, 2.0, 1.0  # how bad each is; what follows the point, how much


@dataclass(frozen=True, slots=True)
class Example:
    """A field of a post that would be another: `change` is `emptied`, `changed`, `filled` or `refused`.

    `by` says by how much: the seconds between two times, or the sentences of a text that differ.
    """

    weight: float
    url: str
    post_id: str
    layout: str
    field: str
    change: str
    was: str
    now: str
    by: Any = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {name: value for name, value in asdict(self).items() if name != "weight"}


def examples_of(address: Address, stored: Values | None, now: Values, found: Verdict) -> Iterator[Example]:
    """Yield an example of each change of a page."""
    about = (address.url, address.key, found.layout)
    if found.was_stored and found.reason is not None:
        yield Example(_REFUSED, *about, "", "refused", stored["title"] if stored else "", found.reason)
    for field, change in found.changes.items():
        if change == "unchanged" or stored is None:
            continue
        before, after = stored.get(field, ""), now.get(field, "")
        by, share = _by(field, stored, now) if change == "changed" else (None, 0.0)
        weight = {"emptied": _EMPTIED, "changed": _CHANGED, "filled": _FILLED}[change] + share
        yield Example(weight, *about, field, change, _shown(before), _shown(after), by)


def _by(field: str, stored: Values, now: Values) -> tuple[Any, float]:
    """Return by how much a field differs, and the same as a number below 1."""
    if field == "published_at":
        before, after = (datetime.fromisoformat(values[field]) for values in (stored, now))
        seconds = int((after - before).total_seconds())
        return seconds, abs(seconds) / (abs(seconds) + 86_400)
    if field in {"title", "text"}:
        versions = (Version(values["title"], values["published_at"], values["text"]) for values in (stored, now))
        changes = as_dict(compare(*versions))
        told = changes["title"] if field == "title" else changes["sentences"][:5]
        return told, len(changes["sentences"]) / (len(changes["sentences"]) + 1)
    return None, 0.0


def _shown(value: Any) -> str:
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
