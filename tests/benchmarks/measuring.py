"""Measure a command as a whole, and keep what was measured: for the benchmarks that run programs.

Not here: what is run, and tables.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESULTS = Path("build/bench")
KEPT = Path(__file__).parent / "kept"

_BLOCK = 512  # bytes, what the kernel counts writing by
_EVERY = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command took, child processes included: seconds, processor seconds, MB at the peak, bytes to disk."""

    seconds: float
    cpu: float
    peak: float
    written: int
    output: bytes


def measured(command: Sequence[str], folder: Path) -> Measured:
    """Run a command in `folder`; raise `CalledProcessError` if it fails."""
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as child:
        memory = _Memory(child.pid)
        memory.start()
        assert child.stdout is not None, "it was asked for"
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        memory.join()
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Measured(seconds, usage.ru_utime + usage.ru_stime, memory.peak / 1e6, usage.ru_oublock * _BLOCK, output)


class _Memory(threading.Thread):
    """Watches what a process and its children hold in memory, until it has ended."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak = pid, 0

    def run(self) -> None:
        while held := _held(self.pid):
            self.peak = max(self.peak, held)
            time.sleep(_EVERY)


def _held(pid: int) -> int:
    """Return the bytes that a process and its children hold, what they share counted once; 0 when it is no more."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^Pss: +(\d+) kB", told, re.MULTILINE)
    return int(found[1]) * 1024 + sum(_held(int(child)) for child in children) if found else 0


def keep(name: str, figures: Mapping[str, float], details: Mapping[str, Any], *, kept: bool) -> None:
    """Write what was measured to `build/bench/<name>.json`, beside what was kept of it; with `kept`, keep this.

    `figures` are what can be held against another machine's: ratios, sizes, counts.
    """
    told = json.dumps({"figures": figures, "details": details}, indent=1, ensure_ascii=False) + "\n"
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(told, encoding="utf-8")
    former = KEPT / f"{name}.json"
    if former.is_file():
        print(f"beside the last kept run ({former.name})")
        before = json.loads(former.read_text(encoding="utf-8"))["figures"]
        for figure, value in figures.items():
            was = f"{before[figure]:12.2f}" if figure in before else f"{'—':>12}"
            print(f"  {figure:44}{value:12.2f}{was}")
    if kept:
        KEPT.mkdir(exist_ok=True)
        former.write_text(told, encoding="utf-8")
