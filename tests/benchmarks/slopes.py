"""How the time of reading grows with the size of what is read, where somebody means it to grow fast.

Each source is doubled; more than 1.3 as a power of the size is a step back, and the exit code 1.

    python tests/benchmarks/slopes.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))

import costly

STEEPEST = 1.3
_SIZE = 128 * 1024
_KINDS = (
    (costly.read_body, costly.BODIES),
    (costly.read_home, costly.LISTINGS),
    (costly.read_feed, costly.FEEDS),
)


def main() -> int:
    """Print each slope; return 1 if one is too steep."""
    steep = 0
    for read, sources in _KINDS:
        for name, source in sources.items():
            found = costly.slope(read, source, _SIZE)
            # Again, should the machine have been busy with something else.
            found = found if found <= STEEPEST else min(found, costly.slope(read, source, _SIZE))
            steep += found > STEEPEST
            print(f"{name:44}{found:12.2f}{' too steep' * (found > STEEPEST)}")
    return int(steep > 0)


if __name__ == "__main__":
    sys.exit(main())
