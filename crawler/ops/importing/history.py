"""The history of a posts folder: every version of each file that a git repository holds, with its commit's time.

Reads through the `git` program, from a checkout or a bare repository, whose files need not be checked out. Nothing
that a repository's settings name is started. Not here: what the files say.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from crawler.errors import UsageError
from crawler.items import PostFile, UnreadFile
from crawler.ops.importing.folder import LARGEST, TOO_LARGE, is_post, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# A repository is somebody else's: its settings start no program, and nothing is asked for over the network.
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "--no-pager", "--no-replace-objects")
_ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_COMMIT = b"commit "
_FILE = b"100"  # what the modes of plain files begin with; links and submodules have others
_CHUNK = 64 * 1024


def file_versions(paths: Iterable[Path]) -> Iterator[PostFile | UnreadFile]:
    """Yield every version of the post files below `paths`, the oldest commit first.

    A path is a folder or a file of a checkout, or a bare repository or a folder inside of one (`posts.git/_posts`).
    Raises `UsageError` when it is in no repository, or when git is not there or says no.
    """
    for path in paths:
        repository, inside = _repository(path)
        with _started(repository, "cat-file", "--batch", writes=True) as blobs:
            for blob, name, commit, seen_at in _changes(repository, inside):
                where = f"{repository}: {name}"
                content = _content(blobs, blob)
                if content is None:
                    yield UnreadFile(path=where, reason=TOO_LARGE, commit=commit)
                else:
                    yield PostFile(
                        path=where,
                        name=name_of(PurePosixPath(name)),
                        content=content,
                        commit=commit,
                        seen_at=seen_at,
                    )


def _repository(path: Path) -> tuple[Path, str | None]:
    """Return where git is to be started for `path`, and the path inside if it is only a part of what is there."""
    at = path
    while not at.is_dir() and at != at.parent:
        at = at.parent
    try:
        done = subprocess.run(  # noqa: S603  # arguments of our own, and a folder
            [*_GIT, "-C", str(at), "rev-parse", "--is-bare-repository", "--show-prefix"],
            capture_output=True,
            check=False,
            env=os.environ | _ENVIRONMENT,
        )
    except FileNotFoundError:
        raise UsageError("`git` is not installed: --history reads through it.") from None
    if done.returncode:
        raise UsageError(f"{path} has no history: {_last_words(done.stderr)}")
    bare, prefix, *_ = [*done.stdout.decode("utf-8", "surrogateescape").split("\n"), ""]
    rest = "" if at == path else str(path.relative_to(at))
    inside = rest if bare == "true" else prefix + rest
    return at, inside or None


def _changes(repository: Path, inside: str | None) -> Iterator[tuple[str, str, str, datetime]]:
    """Yield each version of each post file: its blob, its path, its commit and when that was made."""
    arguments = ["log", "--raw", "-z", "--reverse", "--full-history", "-m", "--no-abbrev", "--no-renames"]
    arguments += ["--no-ext-diff", "--diff-filter=AMT", "--format=commit %H %ct", "HEAD", "--"]
    commit, seen_at = "", datetime.fromtimestamp(0, UTC)
    with _started(repository, *arguments, *([f":(top,literal){inside}"] if inside else [])) as log:
        assert log.stdout is not None, "it was asked for"
        fields = _fields(log.stdout)
        for field in fields:
            # With -z, what follows a commit's line begins with a line feed.
            plain = field.lstrip(b"\n")
            if plain.startswith(_COMMIT):
                _, commit, seconds = plain.decode("ascii").split()
                seen_at = datetime.fromtimestamp(int(seconds), UTC)
            elif plain.startswith(b":"):
                _, mode, _, blob, _ = plain.decode("ascii").split()
                name = next(fields).decode("utf-8", "replace")
                if mode.encode().startswith(_FILE) and is_post(PurePosixPath(name).name):
                    yield blob, name, commit, seen_at


def _fields(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what stands between the NULs of a stream, a piece at a time."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest.strip():
        yield rest


def _content(blobs: subprocess.Popen[bytes], blob: str) -> bytes | None:
    """Return the bytes of a blob, read past when there are too many of them."""
    assert blobs.stdin is not None, "it was asked for"
    assert blobs.stdout is not None, "likewise"
    blobs.stdin.write(f"{blob}\n".encode())
    blobs.stdin.flush()
    head = blobs.stdout.readline().split()
    if len(head) != 3 or head[1] != b"blob":  # noqa: PLR2004  # name, type and size
        return b""
    size = int(head[2])
    if size <= LARGEST:
        return blobs.stdout.read(size + 1)[:-1]
    left = size + 1
    while left:
        left -= len(blobs.stdout.read(min(left, _CHUNK)))
    return None


@contextmanager
def _started(repository: Path, *arguments: str, writes: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """Run git for as long as the block runs; a `UsageError` says what it had to say when it failed."""
    with subprocess.Popen(  # noqa: S603  # arguments of our own
        [*_GIT, "-C", str(repository), *arguments],
        stdin=subprocess.PIPE if writes else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | _ENVIRONMENT,
    ) as git:
        try:
            yield git
        except BaseException:
            git.kill()
            raise
        _, said = git.communicate()
    if git.returncode:
        raise UsageError(f"The history of {repository} cannot be read: {_last_words(said)}")


def _last_words(said: bytes) -> str:
    """Return the last line git wrote, as part of a sentence."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return (lines[-1] if lines else "git failed").removeprefix("fatal: ").rstrip(".") + "."
