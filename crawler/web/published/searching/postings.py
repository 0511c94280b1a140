"""What the index says of a post: which pairs of tokens it has and where, and which tokens how often.

Tokens and their folding are those of `crawler.text` and of the archive's own index, so both find the same. A pair is
the key of a term of two tokens, and a longer term is a row of pairs whose places follow each other:

    江西5G应用   ->   江西 0   西5g_ 1   5g_应 2   应用 3

Places are counted through the title and on through the text; no pair reaches from one into the other. A single token
is a key as well, for terms of one token. Pure. Not here: how the keys of many posts are put together (`shards`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from crawler.archive.search.words import pairs
from crawler.text.variants import unify
from crawler.text.words import is_cjk, tokens_in
from crawler.web.published.searching.digits import written

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 64  # characters of a token; what is longer is cut, and told from others that begin so by a checksum


class Posting(NamedTuple):
    """One key of a post. The `flag` is written with the number of the post, and `rest` behind it.

    Of a pair, the flag says that it occurs more than once, and how often is then the first number of the rest; its
    places follow, each as the distance from the one before. Of a token, the flag says that it is in the title, and
    the rest is how often it is in the text.
    """

    key: str
    flag: bool
    rest: str


def title_length(title: str) -> int:
    """Return how many tokens a title has: its places are below that, and those of the text from there on."""
    return len(tokens_in(unify(title)))


def postings(title: str, text: str) -> Iterator[Posting]:
    """Yield every key by which a post with this title and this plain text is found."""
    of_title, of_text = (list(map(_key, tokens_in(unify(field)))) for field in (title, text))
    places: dict[str, list[int]] = defaultdict(list)
    for first, field in ((0, of_title), (len(of_title), of_text)):
        for place, pair in enumerate(pairs(field), first):
            places[pair].append(place)
    yield from (_of_pair(pair, found) for pair, found in places.items())
    titled, counts = set(of_title), Counter(of_text)
    yield from (Posting(token, token in titled, written([counts[token]])) for token in titled | counts.keys())


def checksum(key: str) -> int:
    """Return the number that decides in which shard a key is; `search.js` computes the same."""
    return crc32(key.encode())


def _of_pair(pair: str, places: list[int]) -> Posting:
    if len(places) == 1:
        return Posting(pair, flag=False, rest=written(places))
    distances = [place - before for before, place in zip([0, *places], places, strict=False)]
    return Posting(pair, flag=True, rest=written([len(places), *distances]))


def _key(token: str) -> str:
    """Return a token as it stands in keys: runs of letters or digits end in `_`, which no token contains."""
    if is_cjk(token):
        return token
    if len(token) <= _LONGEST:
        return f"{token}_"
    return f"{token[:_LONGEST]}~{len(token)}~{checksum(token):x}_"
