"""Measures on labelled pairs how texts are told apart: stories (`near_duplicates`), and versions (`kinship`).

What is found, what is judged, how long it takes. Run as `python tests/benchmarks/likeness.py [seed]`. Not here: the
pairs (`story_pairs.py` and `version_pairs.py` beside this file).
"""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from story_pairs import SEED, Pair, cut, headed, long_posts, pairs, posts, rolling_items
from version_pairs import VersionPair, version_pairs

from crawler.recording.identity import LEAST_OF_A_VERSION
from crawler.recording.kinship import common
from crawler.text.minhash import minhash_keys, scheme
from crawler.text.near_duplicates import TitledText, same_story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# How a caller bounds the look-up of candidates, and the crowd it is tried in.
NEWEST_OF_A_KEY = 200
DECIDED_ON = 20
CROWD = 20_000
COPIES = 400


@dataclass(frozen=True, slots=True)
class Score:
    """How the pairs of one kind fared: `found` share a key, `judged` are one story, `linked` are both."""

    kind: str
    same: bool
    pairs: int
    found: int
    judged: int
    linked: int


def scores(measured: Iterable[Pair]) -> list[Score]:
    """Score pairs by kind, in the order in which the kinds come."""
    kinds: defaultdict[tuple[str, bool], list[Pair]] = defaultdict(list)
    for pair in measured:
        kinds[pair.kind, pair.same].append(pair)
    return [_score(kind, same, members) for (kind, same), members in kinds.items()]


def precision(measured: Iterable[Score]) -> float:
    """Return the share of linked pairs that are one story."""
    linked = [(score.linked, score.same) for score in measured]
    return sum(count for count, same in linked if same) / sum(count for count, _ in linked)


def recall(measured: Iterable[Score]) -> float:
    """Return the share of pairs of one story that are linked."""
    same = [score for score in measured if score.same]
    return sum(score.linked for score in same) / sum(score.pairs for score in same)


def found_in_a_crowd(edit: Callable[[random.Random, TitledText], TitledText]) -> tuple[int, int]:
    """Look up edited copies among many items of few templates; return how many were found, and the longest key."""
    chance = random.Random(SEED)
    crowd = rolling_items(CROWD)
    posts_of: defaultdict[int, list[int]] = defaultdict(list)
    for number, item in enumerate(crowd):
        for key in minhash_keys(item.text):
            posts_of[key].append(number)
    found = 0
    for original in chance.sample(range(CROWD), COPIES):
        shared: Counter[int] = Counter()
        for key in minhash_keys(edit(chance, crowd[original]).text):
            shared.update(posts_of[key][-NEWEST_OF_A_KEY:])
        found += original in (number for number, _ in shared.most_common(DECIDED_ON))
    return found, max(map(len, posts_of.values()))


def seconds(action: Callable[[], object], times: int = 200) -> float:
    """Return the time one call takes: the best of five rounds."""
    rounds = []
    for _ in range(5):
        start = perf_counter()
        for _ in range(times):
            action()
        rounds.append((perf_counter() - start) / times)
    return min(rounds)


def main(seed: int) -> None:
    """Measure and print."""
    console = Console(width=110)
    measured = scores(pairs(seed))
    console.print(_table(measured))
    console.print(f"precision {precision(measured):.4f}, recall {recall(measured):.4f} (seed {seed}; {scheme()})\n")
    console.print(_version_table(version_pairs(seed)))
    for line in _times():
        console.print(line)
    for name, edit in (("under another header", headed), ("cut", cut)):
        found, longest = found_in_a_crowd(edit)
        console.print(
            f"{found} of {COPIES} copies {name} found among {CROWD:,} template items, "
            f"by the newest {NEWEST_OF_A_KEY} of a key (the longest has {longest:,}) and the {DECIDED_ON} likest"
        )


def _score(kind: str, same: bool, members: Sequence[Pair]) -> Score:
    found = [not {*minhash_keys(pair.one.text)}.isdisjoint(minhash_keys(pair.other.text)) for pair in members]
    judged = [same_story(pair.one, pair.other) for pair in members]
    linked = sum(a and b for a, b in zip(found, judged, strict=True))
    return Score(kind, same, len(members), sum(found), sum(judged), linked)


def _table(measured: Iterable[Score]) -> Table:
    table = Table("kind", "one story", "pairs", "share a key", "judged same", "linked")
    for score in measured:
        counts = (score.pairs, score.found, score.judged, score.linked)
        table.add_row(score.kind, "yes" if score.same else "no", *map(str, counts))
    return table


def _version_table(measured: Iterable[VersionPair]) -> Table:
    """Say of each kind what its texts have in common, and which share of them would be misjudged."""
    kinds: defaultdict[tuple[str, bool, str, int], list[float]] = defaultdict(list)
    for pair in measured:
        kinds[pair.kind, pair.same, pair.language, pair.length].append(common(pair.one, pair.other))
    table = Table("kind", "one post", "language", "characters", "least", "median", "most", "wrong")
    for (kind, same, language, length), shared in kinds.items():
        extremes = (f"{value:.2f}" for value in (min(shared), median(shared), max(shared)))
        wrong = sum((value >= LEAST_OF_A_VERSION) != same for value in shared) / len(shared)
        table.add_row(kind, "yes" if same else "no", language, str(length), *extremes, f"{wrong:.1%}")
    return table


def _times() -> list[str]:
    everything = "\n".join(post.text for post in posts())
    lines = []
    for length in (150, 2_000):
        text = everything[:length]
        one, other = TitledText("", text), TitledText("", text[:-20])
        lines.append(
            f"{length:,} characters: fingerprint {seconds(lambda text=text: minhash_keys(text)) * 1000:.3f} ms, "
            f"same_story {seconds(lambda one=one, other=other: same_story(one, other)) * 1000:.3f} ms"
        )
    huge = (everything * 200)[:1_000_000]
    lines.append(
        f"1,000,000 characters: fingerprint {seconds(lambda: minhash_keys(huge), 3) * 1000:.1f} ms, "
        f"same_story {seconds(lambda: same_story(TitledText('', huge), TitledText('', huge[9:])), 3) * 1000:.1f} ms"
    )
    lines.append(f"{len(posts())} posts, {len(long_posts())} long ones")
    return lines


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEED)
