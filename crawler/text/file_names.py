"""Names of files that stay apart on file systems for which `NWa1` and `NWA1`, or two spellings of `é`, are one name.

macOS and Windows fold so. Of ids that fold alike, the one stored first is the name of its file as it stands, and each
of the others is followed by a mark that is made from the id: `NWA1~05f2…`. Pure. Not here: which id was stored first
(`crawler.archive.store.articles`), and the rest of a file's name (`crawler.markdown.post_file`).
"""

from __future__ import annotations

import re
from hashlib import sha256
from unicodedata import normalize

_DIGITS = 16  # hexadecimal; with eight, two ids that fold alike and have the same mark are found in a second
_MARK = re.compile(rf"~([0-9a-f]{{{_DIGITS}}})")


def folded(name: str) -> str:
    """Return what is the same of all names that some file system takes for one.

    Unicode's identifier caseless matching (section 3.13, D147): capitals, composed and compatible characters are one.
    """
    once = normalize("NFKD", normalize("NFD", name).casefold())
    return normalize("NFKC", once.casefold())


def is_plain(name: str) -> bool:
    """Return whether a name leads to no other folder than the one it is put into."""
    return name not in {"", ".", ".."} and not set(name) & {"/", "\\", "\0"}


def marked(post_id: str) -> str:
    """Return an id followed by its mark, which no other id that folds alike has."""
    return f"{post_id}~{_digest(post_id)}"


def is_marked(name: str) -> bool:
    """Tell whether a name ends with its own mark."""
    before, _, mark = name.rpartition("~")
    return mark == _digest(before)


def parted(name: str) -> tuple[str, str] | None:
    """Return a file's name without what looks like a mark, and that mark; `None` if nothing in it does.

    The mark is that of the id alone. What else stands in the name, a day or `(1)`, is for others to read.
    """
    marks = list(_MARK.finditer(name))
    return (name[: marks[-1].start()] + name[marks[-1].end() :], marks[-1][1]) if marks else None


def with_mark(post_id: str, mark: str) -> str | None:
    """Return the id whose mark this is: `post_id`, or what it was before a file system composed or decomposed it."""
    spellings = (post_id, normalize("NFC", post_id), normalize("NFD", post_id))
    return next((spelling for spelling in spellings if _digest(spelling) == mark), None)


def _digest(post_id: str) -> str:
    return sha256(post_id.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
