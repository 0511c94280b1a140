"""Keys of a text that near-duplicates share: a hash of its letters, and MinHash values of its n-grams.

Keys are stored for years, while the library may come to compute other values. So `scheme` returns a name that depends
on the computed values; keys stored under another name must be recomputed. Not here: whether two posts that share a
key tell the same story (`crawler.text.near_duplicates`).
"""

from __future__ import annotations

import re
import sys
from array import array
from functools import cache
from hashlib import blake2b
from struct import pack, unpack

from rensa import RMinHash  # type: ignore[import-untyped]

from crawler.text.boilerplate import article_of, definition

# Letters per n-gram: as many as fit into the library's 64-bit tokens, so that they need not be hashed. A copy with
# every twentieth word replaced then has a Jaccard similarity of 0.75 to its original, and unrelated posts 0.02 at
# most. With 3 letters these are 0.79 and 0.03, with 5 they are 0.72 and 0.01.
_GRAM = 4
# Ten keys of two MinHash values each: a text cut to 60 % (Jaccard similarity 0.6) shares a key with the whole in 99
# of 100 cases, a text of similarity 0.01 in one of 1,000. With three values per key, twenty keys would be needed.
_KEYS = 10
_VALUES_PER_KEY = 2
_SEED = 20220420

_SIGNS = re.compile(r"[\W_]+")


def minhash_keys(text: str) -> tuple[int, ...]:
    """Return the keys of a text: signed 64-bit integers, the same on every machine.

    The first is computed from all letters, so that exact copies share it whatever their header and footer; ten more
    are computed from the n-grams. A text of fewer than four letters has only the first key, a text without letters
    none. The title is not included, because outlets write their own.
    """
    letters = letters_of(article_of(text))
    if not letters:
        return ()
    whole = blake2b(letters.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    grams = ngrams(letters)
    return (int.from_bytes(whole, "big", signed=True), *(_sketch(grams) if grams else ()))


@cache
def scheme() -> str:
    """Return a name for how `minhash_keys` computes keys; only keys computed under the same name are comparable.

    The name ends in a hash of the patterns for header and footer and of the keys of two sample texts, so it changes
    whenever the values do, for whatever reason.
    """
    probe = "".join(chr(0x4E00 + number * number % 20000) for number in range(1000))
    keys = minhash_keys(probe), minhash_keys(f"（记者 张三）{probe[:8]}，1.5%（完）")
    result = blake2b(repr((*definition(), keys)).encode(), digest_size=4).hexdigest()
    return f"{_GRAM}-grams, {_KEYS} keys of {_VALUES_PER_KEY}, R-MinHash, {result}"


def letters_of(text: str) -> str:
    """Return a text without punctuation and white space."""
    return _SIGNS.sub("", text)


def ngrams(letters: str) -> array[int]:
    """Return all sequences of four UTF-16 code units, with repetitions, as integers with the first unit lowest."""
    units = letters.encode("utf-16-le", "surrogatepass")
    grams = array("Q")
    for start in range(0, grams.itemsize, 2):
        grams.frombytes(units[start : start + (len(units) - start) // grams.itemsize * grams.itemsize])
    if sys.byteorder == "big":
        grams.byteswap()
    return grams


def _sketch(grams: array[int]) -> tuple[int, ...]:
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(grams, [0, len(grams)], _KEYS * _VALUES_PER_KEY, _SEED)
    (values,) = matrix.to_rows()
    return unpack(f">{_KEYS}q", pack(f">{len(values)}I", *values))
