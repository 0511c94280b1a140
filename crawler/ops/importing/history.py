"""The history of a posts folder: every version of each file that a git repository holds, with its commit's time.

Reads through the `git` program, from a checkout or a bare repository, whose files need not be checked out. Nothing
that a repository's settings name is started. Not here: what the files say.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from secrets import token_hex
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, NamedTuple

from crawler.errors import UsageError
from crawler.items import PostFile, UnreadFile
from crawler.ops.importing.folder import LARGEST, TOO_LARGE, is_folder, is_post, name_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

# A repository is somebody else's: its settings start no program, and nothing is asked for over the network.
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "--no-pager", "--no-replace-objects")
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
# By these, which git sets for its hooks, another repository would be read, or paths be taken for something else.
_UNWANTED = frozenset(
    "GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES "
    "GIT_NAMESPACE GIT_PREFIX GIT_GRAFT_FILE GIT_SHALLOW_FILE GIT_LITERAL_PATHSPECS GIT_GLOB_PATHSPECS "
    "GIT_NOGLOB_PATHSPECS GIT_ICASE_PATHSPECS".split()
)
# Each is said outright, since a repository's settings can have it otherwise.
_LOG = (
    *("-c", "log.follow=false", "log", "--raw", "-z", "--reverse", "--full-history", "--root", "--encoding=UTF-8"),
    # Of a merge, only what differs from all of its parents: the rest is theirs, and was listed with them.
    *("--diff-merges=combined", "--no-abbrev", "--no-relative", "-O/dev/null", "--no-ext-diff"),
    # Files renamed as they are; to find others git would have to read them, and some may be missing or damaged.
    *("--find-renames=100%", "--diff-filter=AMRT", "--format=commit %H %ct", "HEAD", "--"),
)
_COMMIT = b"commit "
_FATAL = "fatal: "
_RENAMED = "R"
_FILE = "100"  # what the modes of plain files begin with; links and submodules have others
_CHUNK = 64 * 1024
_WORDS = 64 * 1024  # bytes of what git says that are looked at


def file_versions(paths: Iterable[Path]) -> Iterator[PostFile | UnreadFile]:
    """Yield every version of the post files below `paths`, the oldest commit first.

    A path is a folder or a file of a checkout, or a bare repository or a folder inside of one (`posts.git/_posts`).
    Raises `UsageError` when it is in no repository, or when git is not there or says no.
    """
    for path in paths:
        repository, named = _repository(path), not is_folder(path)
        with (
            _started(repository.at, "cat-file", "--batch-check", writes=True) as sizes,
            _started(repository.at, "cat-file", "--batch", writes=True) as blobs,
            closing(_changes(repository)) as changes,
        ):
            first_seen: dict[str, datetime | None] = {}
            for change in changes:
                since = first_seen.setdefault(change.name, first_seen.get(change.formerly, change.seen_at))
                version = _version(repository, change, since, _content(sizes, blobs, change.blob))
                yield replace(version, named=named) if isinstance(version, PostFile) else version


class _Repository(NamedTuple):
    """Where git is to be started (`at`), and the path `inside` if only a part of what is there is wanted.

    `prefix` is the path of `at` in the checkout, `None` in a bare repository.
    """

    at: Path
    inside: str | None
    prefix: str | None

    def path(self, name: str) -> str:
        """Return the path by which a person finds a file of the history."""
        return f"{self.at}: {name}"

    def aliases(self, name: str, formerly: str) -> tuple[str, ...]:
        """Return the other paths of a file: before it was renamed, and in the checkout."""
        former = [self.path(formerly)] if formerly else []
        is_here = self.prefix is not None and name.startswith(self.prefix)
        return (*former, *([str(self.at / name.removeprefix(self.prefix or ""))] if is_here else []))


class _Change(NamedTuple):
    """A version of a file: its `blob` and `name`, the `commit` and its time, and the name before it was renamed."""

    blob: str
    name: str
    commit: str
    seen_at: datetime | None
    formerly: str


def _version(
    repository: _Repository, change: _Change, since: datetime | None, content: bytes | str
) -> PostFile | UnreadFile:
    """Return a version of a file, of which `content` is what it holds, or why it cannot be read."""
    path = repository.path(change.name)
    if isinstance(content, str):
        return UnreadFile(path=path, reason=content, commit=change.commit)
    return PostFile(
        path=path,
        name=name_of(PurePosixPath(change.name)),
        content=content,
        commit=change.commit,
        seen_at=change.seen_at,
        since=since,
        aliases=repository.aliases(change.name, change.formerly),
    )


def _repository(path: Path) -> _Repository:
    """Return the repository that a path is in."""
    at = path
    while not is_folder(at) and at != at.parent:
        at = at.parent
    try:
        done = subprocess.run(  # noqa: S603  # arguments of our own, and a folder
            [*_GIT, "-C", str(at), "rev-parse", "--is-bare-repository", "--show-prefix"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=_environment(),
        )
    except FileNotFoundError:
        raise UsageError("`git` is not installed: --history reads through it.") from None
    if done.returncode:
        raise UsageError("{path} has no history: {reason}", path=path, reason=_last_words(done.stderr))
    bare, _, prefix = os.fsdecode(done.stdout).partition("\n")
    rest = "" if at == path else str(path.relative_to(at))
    prefix = prefix.removesuffix("\n")
    if bare == "true":
        return _Repository(at, rest or None, None)
    return _Repository(at, prefix + rest or None, prefix)


def _changes(repository: _Repository) -> Generator[_Change]:
    """Yield each version of each post file, once."""
    commit, seen_at = "", None
    part = [f":(top,literal){repository.inside}"] if repository.inside else []
    with _started(repository.at, *_LOG, *part) as log:
        assert log.stdout is not None, "it was asked for"
        fields = _fields(log.stdout)
        for field in fields:
            # With -z, what follows a commit's line begins with a line feed.
            plain = field.lstrip(b"\n")
            if plain.startswith(_COMMIT):
                commit, _, seconds = plain.removeprefix(_COMMIT).decode("ascii").partition(" ")
                seen_at = _time(seconds)
            elif plain.startswith(b":"):
                mode, blob, status = _raw(plain.decode("ascii"))
                formerly = _name(fields) if status.startswith(_RENAMED) else ""
                name = _name(fields)
                if mode.startswith(_FILE) and is_post(PurePosixPath(name).name):
                    yield _Change(blob, name, commit, seen_at, formerly)


def _raw(line: str) -> tuple[str, str, str]:
    """Return mode, blob and status of what a commit made of a file.

    A line has the modes before and after, the blobs before and after, and the status; of a merge it begins with a
    colon for each parent, and has that many modes and blobs before.
    """
    parents = len(line) - len(line.lstrip(":"))
    fields = line.lstrip(":").split()
    return fields[parents], fields[2 * parents + 1], fields[-1] if parents == 1 else ""


def _name(fields: Iterator[bytes]) -> str:
    return next(fields, b"").decode("utf-8", "surrogateescape")


def _time(seconds: str) -> datetime | None:
    """Return a commit's time; none when it has none, or one that no calendar has."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _fields(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what stands before each NUL of a stream, a piece at a time."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole


def _content(sizes: subprocess.Popen[bytes], blobs: subprocess.Popen[bytes], blob: str) -> bytes | str:
    """Return the bytes of a blob, or why it is not read. Raises `BrokenPipeError` when git has ended."""
    _, kind, *size = _asked(sizes, blob)
    if kind != b"blob":
        return "not in the repository"
    if int(size[0]) > LARGEST:
        return TOO_LARGE
    content = _read(blobs, blob, int(size[0]))
    return content if len(content) == int(size[0]) else "damaged in the repository"


def _read(blobs: subprocess.Popen[bytes], blob: str, size: int) -> bytes:
    """Return a blob that claims to be of `size`; of one that is larger, less. Raises `BrokenPipeError`.

    Another question, whose answer no blob can know, shows where it ends: one that is damaged ends before its size.
    """
    end = f"end.{token_hex(16)}"
    ending = f"\n{end} missing\n".encode()
    _asked(blobs, f"{blob}\n{end}")
    assert blobs.stdout is not None, "it was asked for"
    content = bytearray()
    while not content.endswith(ending):
        if len(content) > size + len(ending):
            del content[: -len(ending)]
        piece = blobs.stdout.read1(_CHUNK)  # type: ignore[attr-defined]  # of the reader that a pipe has
        if not piece:
            raise BrokenPipeError
        content += piece
    return bytes(content.removesuffix(ending))


def _asked(git: subprocess.Popen[bytes], question: str) -> list[bytes]:
    """Return what git says of a blob: its id and type and size, or its id and what is the matter."""
    assert git.stdin is not None, "it was asked for"
    assert git.stdout is not None, "likewise"
    git.stdin.write(f"{question}\n".encode())
    git.stdin.flush()
    said = git.stdout.readline().split()
    if not said:
        raise BrokenPipeError
    return said


@contextmanager
def _started(repository: Path, *arguments: str, writes: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """Run git for as long as the block runs; a `UsageError` says what it had to say when it failed."""
    with (
        TemporaryFile() as said,  # a pipe that nobody reads would fill up
        subprocess.Popen(  # noqa: S603  # arguments of our own
            [*_GIT, "-C", str(repository), *arguments],
            stdin=subprocess.PIPE if writes else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env=_environment(),
        ) as git,
    ):
        try:
            yield git
        except BrokenPipeError:  # this git has ended, or another
            git.communicate()
            if not git.returncode:
                raise
        except BaseException:
            git.kill()
            raise
        git.communicate()
        if git.returncode:
            said.seek(max(0, said.seek(0, os.SEEK_END) - _WORDS))
            raise UsageError(
                "The history of {repository} cannot be read: {reason}",
                repository=repository,
                reason=_last_words(said.read()),
            )


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _UNWANTED} | _ENVIRONMENT


def _last_words(said: bytes) -> str:
    """Return what git gave up for, else the last line it wrote, as part of a sentence."""
    lines = said.decode("utf-8", "replace").strip().splitlines() or ["git failed"]
    last = next((line for line in lines if line.startswith(_FATAL)), lines[-1])
    return last.removeprefix(_FATAL).rstrip(".") + "."
