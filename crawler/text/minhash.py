"""Keys of a text by which posts that say the same meet: the hash of its letters, and MinHash values of its n-grams.

Keys are kept for years, while a library may change the values it computes. So `scheme` names the way keys are made
by what comes out of it: keys kept under another name have to be made again. Not here: whether two posts that met tell
one story (`crawler.text.near_duplicates`).
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

# Letters to an n-gram: as many as fit into the 64 bits that the library takes for a token, so that it need not hash
# them. A copy with every twentieth word replaced then has a Jaccard likeness of 0.75 to its original, and unrelated
# posts have 0.02 at most. With 3 these are 0.79 and 0.03, with 5 they are 0.72 and 0.01.
_GRAM = 4
# Ten keys of two MinHash values each: a text cut to 60 % (Jaccard 0.6) shares a key with the whole in 99 cases of
# 100, one of Jaccard 0.01 in one case of 1,000. Of keys of three values it would take twenty to find as many.
_KEYS = 10
_VALUES_PER_KEY = 2
_SEED = 20220420

_SIGNS = re.compile(r"[\W_]+")


def minhash_keys(text: str) -> tuple[int, ...]:
    """Return the keys of a text, signed 64-bit integers, the same on every machine.

    The first is made of all its letters and shared by its exact copies, whatever their header and footer; ten more
    are made of its n-grams. A text of fewer than four letters has only the first key, a text without a letter none.
    The title has no part in them, since outlets write their own.
    """
    letters = letters_of(article_of(text))
    if not letters:
        return ()
    whole = blake2b(letters.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    grams = ngrams(letters)
    return (int.from_bytes(whole, "big", signed=True), *(_sketch(grams) if grams else ()))


@cache
def scheme() -> str:
    """Name the way `minhash_keys` makes keys; only keys made under one name can be compared.

    The name ends in a hash of what is taken for header and footer and of the keys of two texts, so that it changes
    with the values, whoever changed them.
    """
    probe = "".join(chr(0x4E00 + number * number % 20000) for number in range(1000))
    keys = minhash_keys(probe), minhash_keys(f"（记者 张三）{probe[:8]}，1.5%（完）")
    result = blake2b(repr((*definition(), keys)).encode(), digest_size=4).hexdigest()
    return f"{_GRAM}-grams, {_KEYS} keys of {_VALUES_PER_KEY}, R-MinHash, {result}"


def letters_of(text: str) -> str:
    """Return a text without signs and spaces."""
    return _SIGNS.sub("", text)


def ngrams(letters: str) -> array[int]:
    """Return every four letters that stand together as one integer, the first of them lowest, some more than once."""
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
