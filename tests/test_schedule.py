"""Scheduled runs: what is printed for cron, systemd and GitHub is right, and does what it says when it is run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from crawler.archive import Archive
from crawler.archive.store.lock import run_lock
from crawler.cli import main
from crawler.errors import UsageError
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site
from crawler.ops.schedule import cron, systemd
from crawler.ops.schedule.github import github
from crawler.ops.schedule.interval import EVEN, calendar, crontab_fields, offset, read_interval, write_interval
from crawler.ops.schedule.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.ops.schedule.plan import Plan

pytestmark = pytest.mark.slow  # whole runs of the program

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PROGRAM = str(Path(sys.executable).with_name("finews"))
TESTS = Path(__file__).parent
MINIMA = TESTS.parent / "crawler" / "sites" / "minima.yaml"
PAGE = (TESTS.parent / "docs" / "schedule.md").read_text(encoding="utf-8")
# What a person may have called a folder.
ODD = '50% of "it\'s" $HOME \\% \\\\ `x`; & 新闻'
WORDS = st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("%\\'\" "), min_size=1))
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
needs_zstd = pytest.mark.skipif(shutil.which("zstd") is None, reason="there is no zstd")


def schedule(*arguments: str, code: int = 0) -> str:
    """Run the command in this process, and return what it printed, or its error."""
    shown: Result = CliRunner().invoke(main, ["schedule", *arguments], env={"FINEWS_ARCHIVE": None})
    assert shown.exit_code == code, shown.output
    return shown.stderr if code else shown.stdout


def crawl_of(folder: Path, *, every: str = "15m", program: str = "/opt/news/bin/finews") -> Task:
    """Return the task of crawling into `folder`."""
    return Task(
        program=(program,),
        archive=folder / "archive.db",
        posts=folder / "_posts",
        site="finews",
        name="finews",
        every=read_interval(every),
        user="news",
        folder=folder,
    )


def written(path: Path, script: str) -> Path:
    """Write a script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a script that is `finews`, guarded, but crawls the sample site; its own path is odd too."""
    with serve(bundled_site()) as server:
        yield written(
            tmp_path_factory.mktemp("mirrored") / ODD / "finews",
            "#!/bin/sh\n"
            f"export PYTHONPATH={shlex.quote(str(TESTS / 'guard'))}\n"
            f'[ "$1" = crawl ] && set -- "$@" --mirror {server.url}\n'
            f'exec {shlex.quote(sys.executable)} -m crawler "$@"\n',
        )


# How often.


@given(st.integers(1, 24 * 60))
def test_an_interval_that_was_written_is_read_again(minutes: int) -> None:
    assert read_interval(write_interval(minutes * MINUTE)) == minutes * MINUTE


@given(st.text() | st.from_regex(r"[0-9]{1,8}[mhd]?", fullmatch=True))
def test_whatever_is_written_is_whole_minutes_up_to_a_day_or_refused(text: str) -> None:
    try:
        every = read_interval(text)
    except UsageError:
        return
    assert MINUTE <= every <= DAY
    assert not every % MINUTE


@pytest.mark.parametrize(
    ("text", "short"), [("15m", "15m"), ("60m", "1h"), ("90m", "90m"), ("120m", "2h"), ("24h", "1d"), ("007m", "7m")]
)
def test_an_interval_is_written_as_short_as_can_be(text: str, short: str) -> None:
    assert write_interval(read_interval(text)) == short


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("cron --every 15", "'15' is not an interval: write minutes, hours or a day, as 15m, 2h or 1d."),
        ("cron --every -5m", "'-5m' is not an interval: write minutes, hours or a day, as 15m, 2h or 1d."),
        ("cron --every ٣m", "'٣m' is not an interval: write minutes, hours or a day, as 15m, 2h or 1d."),
        ("cron --every 0m", "0m is too often: ask for 1m or more."),
        (
            "systemd --every 25h",
            "25h is too seldom: the site keeps posts for three days, and a run may fail; ask for 1d or less.",
        ),
        ("cron --every 90m", "cron cannot run every 90m: ask for 1h or 2h, or take systemd, which can."),
        ("cron --every 7m", "cron cannot run every 7m: ask for 6m or 10m, or take systemd, which can."),
        ("github --every 45m", "GitHub cannot run every 45m: ask for 30m or 1h, or take systemd, which can."),
        (
            "github --every 4m",
            "GitHub starts nothing every 4m: ask for 5m or more, or take cron or systemd, which can.",
        ),
        ("cron --site nosuch", "nosuch is not a site; give finews, minima, notes, or a .yaml file."),
        (
            f"github --site {MINIMA}",
            f"{MINIMA} is not in the repository: run this at its root, and name a definition below it.",
        ),
        (
            "cron --archive '/srv/a\nb.db'",
            "'/srv/a\\nb.db' holds a line break or the like, which no crontab and no unit can: rename it.",
        ),
        (
            "cron --into /dev/null/x",
            "/dev/null/x cannot be written: Not a directory; name another folder with --into.",
        ),
    ],
    ids=repr,
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    arguments: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert schedule(*shlex.split(arguments), code=2).replace("nosuch: ", "nosuch ") == f"Error: {sentence}\n"


# When in an interval.


@pytest.mark.parametrize("name", ["@EVERY@", "@NAME@", "@"])
def test_a_folder_may_be_called_what_a_template_calls_a_value(name: str, tmp_path: Path) -> None:
    service, timer = systemd.systemd(crawl_of(tmp_path / name)).files.values()
    assert f"ReadWritePaths={tmp_path / name}" in service
    assert "Crawl finews every 15m" in timer


def test_archives_begin_at_minutes_of_their_own_and_keep_to_them() -> None:
    every = read_interval("15m")
    begins = [offset(f"/home/{name}/output/archive.db", every) for name in range(150)]
    assert begins[:5] == [offset(f"/home/{name}/output/archive.db", every) for name in range(5)]
    assert set(begins) == {minute * MINUTE for minute in range(15)}
    assert max(map(begins.count, begins)) < 25


@pytest.mark.parametrize("every", EVEN, ids=write_interval)
def test_cron_and_systemd_are_told_the_same_times_of_day(every: timedelta) -> None:
    for begin in {timedelta(), every // 2 // MINUTE * MINUTE, every - MINUTE}:
        expected = [begin + number * every for number in range(DAY // every)]
        minutes, hours, *days = crontab_fields(every, begin).split()
        assert days == ["*", "*", "*"]
        assert _times(hours, minutes) == expected
        day, time = calendar(every, begin).split()
        hours, minutes, seconds = time.split(":")
        assert (day, seconds) == ("*-*-*", "00")
        assert _times(hours, minutes) == expected


def _times(hours: str, minutes: str) -> list[timedelta]:
    return [timedelta(hours=hour, minutes=minute) for hour in _expand(hours, 24) for minute in _expand(minutes, 60)]


def _expand(text: str, end: int) -> range:
    """Read a field of a crontab or of a calendar event: `*`, `7`, `7-59/15`, `07/15`."""
    if text == "*":
        return range(end)
    first, _, step = text.partition("/")
    first, _, last = first.partition("-")
    assert last in {"", str(end - 1)}
    return range(int(first), end, int(step)) if step else range(int(first), int(first) + 1)


@needs_systemd
def test_systemd_reads_every_calendar_event(tmp_path: Path) -> None:
    events = [calendar(every, offset(str(tmp_path), every)) for every in EVEN]
    shown = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=2", *events], capture_output=True, check=True
    )
    elapses = re.findall(r"(?:Next elapse|Iter\. #2): \w+ [\d-]+ (\d+):(\d+):00", shown.stdout.decode())
    times = [timedelta(hours=int(hour), minutes=int(minute)) for hour, minute in elapses]
    assert [(second - first) % DAY for first, second in zip(times[::2], times[1::2], strict=True)] == [
        every % DAY for every in EVEN
    ]


# What is printed.


def test_a_crontab_s_line_is_printed_as_it_is_to_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    archive, words = "/srv/news/archive.db", f"--archive /srv/news/archive.db --posts {tmp_path}/output/_posts"
    assert schedule("cron", "--every", "2h", "--archive", "/srv/x/../news/archive.db") == (
        f"# finews, every 2h into {archive}; the log is {archive}.log.\n"
        "# It prints, and so makes cron mail, only what is amiss. A run that finds another one at work just ends.\n"
        f"34 0-23/2 * * * {PROGRAM} crawl {words} --site finews >/dev/null 2>>{archive}.log;"
        f" [ $? -ne 2 ] || tail -n 1 {archive}.log;"
        f' amiss=$({PROGRAM} runs --silent --archive {archive} 2>&1) || echo "$amiss"\n'
    )


def test_json_holds_the_files_and_the_commands_that_install_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["cron", "--every", "60m", "--archive", "/srv/news/archive.db", "--no-posts"]
    again = "cron --every 1h --archive /srv/news/archive.db --no-posts --site finews"
    assert json.loads(schedule(*arguments, "--json")) == {
        "kind": "cron",
        "every": "1h",
        "files": {"crawl-finews.cron": schedule(*arguments)},
        "place": None,
        "install": [
            "mkdir -p /srv/news",
            f"{{ crontab -l 2>/dev/null; {PROGRAM} schedule {again}; }} | crontab -",
        ],
        "written": [],
    }


def test_files_are_written_into_a_folder_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "units"
    shown = schedule("systemd", "--every", "90m", "--into", str(folder))
    assert shown == f"{folder}/crawl-finews.service\n{folder}/crawl-finews.timer\n"
    told = json.loads(schedule("systemd", "--every", "90m", "--json"))
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == told["files"]


def test_units_are_printed_with_where_they_go_and_how_to_install_them() -> None:
    shown = schedule("systemd", "--archive", "/srv/my news/archive.db", "--no-posts")
    told = json.loads(schedule("systemd", "--archive", "/srv/my news/archive.db", "--no-posts", "--json"))
    assert shown == (
        f"# /etc/systemd/system/crawl-finews.service\n{told['files']['crawl-finews.service']}\n"
        f"# /etc/systemd/system/crawl-finews.timer\n{told['files']['crawl-finews.timer']}\n"
        "# To install:\n"
        "#   mkdir -p '/srv/my news'\n"
        f"#   {PROGRAM} schedule systemd --every 15m --archive '/srv/my news/archive.db' --no-posts --site finews"
        " --into finews-units\n"
        "#   sudo install -m 644 finews-units/crawl-finews.service finews-units/crawl-finews.timer"
        " /etc/systemd/system/\n"
        "#   sudo systemctl daemon-reload\n"
        "#   sudo systemctl enable --now crawl-finews.timer\n"
    )


def test_a_site_of_one_s_own_gives_files_of_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = MINIMA.read_text(encoding="utf-8").replace("name: minima", "name: garden")
    (tmp_path / "my.yaml").write_text(text, encoding="utf-8")
    assert f" --site {tmp_path}/my.yaml " in schedule("cron", "--site", "my.yaml")
    told = json.loads(schedule("github", "--site", "my.yaml", "--json"))
    assert list(told["files"]) == ["crawl-garden.yml"]
    job = yaml.safe_load(told["files"]["crawl-garden.yml"])["jobs"]["crawl"]
    assert (job["env"]["SITE"], job["env"]["RELEASE"]) == ("my.yaml", "archive-garden")


@pytest.mark.parametrize("command", re.findall(r"^finews (schedule .*)$", PAGE, re.MULTILINE))
def test_a_command_of_the_page_runs_as_it_stands(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert schedule(*shlex.split(command, comments=True)[1:])


def test_scheduling_loads_neither_scrapy_nor_a_database(environment: dict[str, str]) -> None:
    program = (
        "import sys; from crawler.cli import main; main(['schedule', 'cron'], standalone_mode=False);"
        " print([name for name in ('scrapy', 'twisted', 'sqlite3') if name in sys.modules])"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert child.stdout.splitlines()[-1] == "[]"


# cron.


def as_cron_reads(command: str, *, folds_backslashes: bool) -> str:
    r"""Do to a command what crons do: `\%` is a percent sign, and in some `\\` is one backslash; `%` ends it."""
    taken = {"%", "\\"} if folds_backslashes else {"%"}
    read, escaped = "", False
    for sign in command:
        if escaped and sign in taken:
            read = read[:-1]
        elif sign == "%" and not escaped:
            break
        escaped = sign == "\\" and not escaped
        read += sign
    return read


def in_cron(line: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a crontab's line as cron would, in nothing of an environment."""
    _, command = re.fullmatch(r"((?:[0-9*/,-]+ ){5})(.*)\n", line).groups()  # type: ignore[union-attr]
    bare = {"HOME": str(home), "LOGNAME": "news", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    command = as_cron_reads(command, folds_backslashes=False)
    return subprocess.run(
        ["/bin/sh", "-c", command], env=bare, cwd=home, capture_output=True, text=True, timeout=60, check=False
    )


def installed(plan: Plan) -> str:
    """Make the folders, as the first command to install says, and return the line of the crontab."""
    subprocess.run(["/bin/sh", "-c", plan.install[0]], check=True)
    return _line(plan.files["crawl-finews.cron"])


def _line(crontab: str) -> str:
    (line,) = (line for line in crontab.splitlines(keepends=True) if not line.startswith("#"))
    return line


@given(WORDS)
def test_words_quoted_for_a_crontab_come_out_as_they_were(words: list[str]) -> None:
    for folds in (False, True):
        assert shlex.split(as_cron_reads(cron.quoted(words), folds_backslashes=folds)) == words


def test_a_shell_reads_quoted_words_as_they_were() -> None:
    words = [ODD, "", "%", "\\", "\\\\%\\", "'", '"', "a\\'b", "$(x)", "\N{NO-BREAK SPACE}新"]
    command = as_cron_reads(f"printf '\\%s\\0' {cron.quoted(words)}", folds_backslashes=False)
    shown = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=True)
    assert shown.stdout.decode().split("\0")[:-1] == words


def test_the_line_for_cron_crawls_and_prints_nothing_when_all_is_well(mirrored: Path, tmp_path: Path) -> None:
    folder = tmp_path / ODD
    line = installed(cron.cron(crawl_of(folder, program=str(mirrored))))
    done = in_cron(line, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with Archive(folder / "archive.db") as archive:
        assert archive.stats()["posts"] == len(list((folder / "_posts").iterdir())) == 25
    assert len((folder / "archive.db.log").read_text(encoding="utf-8").splitlines()) > 25


def test_a_line_for_cron_that_finds_another_run_at_work_says_so_in_the_log_only(
    mirrored: Path, tmp_path: Path
) -> None:
    folder = tmp_path / ODD
    line = installed(cron.cron(crawl_of(folder, program=str(mirrored))))
    Archive(folder / "archive.db", create=True).close()
    with run_lock(folder / "archive.db"):
        done = in_cron(line, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "Error: Another run holds " in (folder / "archive.db.log").read_text(encoding="utf-8").splitlines()[-1]


def test_a_line_for_cron_that_has_become_wrong_prints_why(mirrored: Path, tmp_path: Path) -> None:
    folder = tmp_path / ODD
    line = installed(cron.cron(crawl_of(folder, program=str(mirrored))))
    done = in_cron(line.replace("--site finews", "--site gone.yaml"), tmp_path)
    assert done.stdout == (
        "Error: gone.yaml: cannot be read (No such file or directory);"
        " give a YAML file that describes the site.\n"
        # `echo` of some shells takes two backslashes for one.
        f"Error: There is no archive at {folder}/archive.db: ".replace("\\\\", "\\")
        + "make one with `finews crawl`, or name another with --archive.\n"
    )
    assert done.stderr == ""


def test_the_program_that_is_named_runs_without_an_environment() -> None:
    program = shlex.split(_line(schedule("cron")))[5]
    shown = subprocess.run([program, "--version"], env={}, cwd="/", capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("finews, version ")


# systemd.


def unit(text: str) -> dict[str, list[str]]:
    """Return the settings of a unit, each with its values."""
    settings: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            settings.setdefault(name, []).append(value)
    return settings


def as_systemd_reads(line: str) -> list[str]:
    """Split a setting into words as systemd.syntax(7) says, and put in specifiers: of those only %% is known here."""
    words: list[str] = []
    for found in re.finditer(r'"((?:\\.|[^"\\])*)"|(\S+)', line):
        word = re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2]
        assert "%" not in word.replace("%%", "")
        words.append(word.replace("%%", "%"))
    return words


@given(WORDS)
def test_words_quoted_for_a_unit_come_out_as_they_were(words: list[str]) -> None:
    assert as_systemd_reads(systemd.quoted(words)) == words


def test_the_timer_goes_by_the_calendar_and_makes_up_for_what_was_missed() -> None:
    task = crawl_of(Path("/srv/news"))
    assert systemd.systemd(task).files["crawl-finews.timer"] == (
        "[Unit]\n"
        "Description=Crawl finews every 15m\n\n"
        "[Timer]\n"
        f"OnCalendar={calendar(task.every, task.begin)}\n"
        "Persistent=yes\n"
        "RandomizedDelaySec=60s\n"
        "AccuracySec=1s\n\n"
        "[Install]\n"
        "WantedBy=timers.target\n"
    )


def test_an_interval_the_calendar_has_no_words_for_is_counted_and_there_is_a_run_a_day_in_any_case() -> None:
    timer = unit(systemd.systemd(crawl_of(Path("/srv/news"), every="1000m")).files["crawl-finews.timer"])
    assert (timer["OnActiveSec"], timer["OnUnitActiveSec"]) == (["1min"], ["1000min"])
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d:00", *timer["OnCalendar"])
    assert timer["RandomizedDelaySec"] == ["300s"]


def test_the_service_may_write_to_its_folders_only_and_its_paths_are_quoted() -> None:
    folder = Path("/srv") / ODD
    service = unit(systemd.systemd(crawl_of(folder)).files["crawl-finews.service"])
    folders = [str(folder), str(folder / "_posts")]
    assert [as_systemd_reads(value) for value in service["ReadWritePaths"]] == [folders]
    assert [as_systemd_reads(value) for value in service["RequiresMountsFor"]] == [folders]
    told = ["--archive", f"{folder}/archive.db", "--posts", folders[1], "--site", "finews", "--alarm"]
    assert [as_systemd_reads(value) for value in service["ExecStart"]] == [[":/opt/news/bin/finews", "crawl", *told]]
    assert (service["User"], service["SuccessExitStatus"]) == (["news"], ["75 130"])
    assert (service["ProtectHome"], service["PrivateTmp"]) == (["read-only"], ["yes"])


@pytest.mark.parametrize("folder", ["/tmp/news", "/var/tmp/news"])
def test_what_lies_among_temporary_files_is_not_hidden_from_the_service(folder: str) -> None:
    service = unit(systemd.systemd(crawl_of(Path(folder))).files["crawl-finews.service"])
    assert service["PrivateTmp"] == ["no"]


def test_a_folder_for_posts_that_is_the_archive_s_is_named_once() -> None:
    told = json.loads(schedule("systemd", "--archive", "/srv/a.db", "--posts", "/srv", "--json"))
    assert unit(told["files"]["crawl-finews.service"])["ReadWritePaths"] == ["/srv"]
    assert told["install"][0] == "mkdir -p /srv"


def test_a_service_shows_the_archive_to_this_machine_alone() -> None:
    plan = systemd.systemd(crawl_of(Path("/srv/news")), serving=True)
    service = unit(plan.files["serve-finews.service"])
    assert service["ExecStart"] == [":/opt/news/bin/finews serve --archive /srv/news/archive.db"]
    assert (service["IPAddressDeny"], service["IPAddressAllow"]) == (["any"], ["localhost"])
    assert service["ReadWritePaths"] == ["/srv/news"]
    assert plan.install[-1] == "sudo systemctl enable --now crawl-finews.timer serve-finews.service"
    assert plan.install[1].endswith("--serve --into finews-units")
    assert "serve-finews.service" not in systemd.systemd(crawl_of(Path("/srv/news"))).files


def test_only_systemd_is_asked_to_serve() -> None:
    refused = schedule("cron", "--serve", code=2)
    assert refused.endswith("Error: --serve goes with systemd: finews schedule systemd --serve.\n")


@needs_systemd
@pytest.mark.parametrize("every", ["15m", "90m", "1d"])
def test_systemd_finds_nothing_wrong_with_the_units(every: str, mirrored: Path, tmp_path: Path) -> None:
    task = crawl_of(tmp_path / ODD, every=every, program=str(mirrored))
    for name, text in systemd.systemd(task, serving=True).files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        shown = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", name], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (shown.returncode, shown.stdout, shown.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize("name", ["crawl-finews.service", "serve-finews.service"])
def test_systemd_finds_the_services_little_exposed(name: str, tmp_path: Path) -> None:
    service = tmp_path / name
    service.write_text(systemd.systemd(crawl_of(Path("/srv/news")), serving=True).files[name], encoding="utf-8")
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", service.name]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stdout.splitlines()[-1]


# GitHub.

# A release is a folder, an asset a file in it. Each call is noted; those that begin like a line of `fails` fail.
GH = """\
#!/bin/sh
set -eu
echo "$*" >> "$STATE/calls"
while read -r begin; do
    case "$*" in "$begin"*) echo "HTTP 502" >&2; exit 1;; esac
done < "$STATE/fails"
[ -n "$GH_TOKEN" ] && cd "$STATE/releases"
case "$1 $2" in
    "api --paginate") [ "$3" = repos/me/news/releases ]; ls;;
    "release view") ls "$3" | sort;;
    "release download") cp "$3/$5" "$7";;
    "release create") mkdir "$3"; cp "$4" "$3";;
    "release upload") [ ! -e "$3/${4##*/}" ]; cp "$4" "$3";;
    "release delete-asset") rm "$3/$4";;
    *) exit 2;;
esac
"""
# `python3 -m venv FOLDER`: a pip that installs what is there already.
VENV = """\
#!/bin/sh
set -eu
[ "$1 $2" = "-m venv" ]
mkdir -p "$3/bin"
printf '#!/bin/sh\\n[ "$*" = "install --quiet ." ]\\n' > "$3/bin/pip"
chmod +x "$3/bin/pip"
ln -s "$FINEWS" "$3/bin/finews"
"""


@dataclass(slots=True)
class Runner:
    """What runs the workflow: its folder, the program, and a stand-in for GitHub."""

    folder: Path
    finews: Path
    workflow: dict[str, Any]
    failed: str | None = field(default=None, init=False)
    jobs: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        written(self.folder / "tools" / "gh", GH)
        written(self.folder / "tools" / "python3", VENV)
        (self.folder / "releases").mkdir()
        self.fails()

    def fails(self, *calls: str) -> None:
        """Have calls of `gh` that begin like these fail from now on."""
        (self.folder / "fails").write_text("".join(f"{call}\n" for call in calls), encoding="utf-8")

    def run(self) -> str:
        """Run the job on a machine of its own; `failed` is the step that failed. Return what was printed."""
        self.jobs += 1
        machine = self.folder / f"machine-{self.jobs}"
        (machine / "temp").mkdir(parents=True)
        (self.folder / "calls").write_text("", encoding="utf-8")
        job, printed, added, path = self.workflow["jobs"]["crawl"], "", {}, [str(self.folder / "tools")]
        for step in job["steps"]:
            if "run" not in step:
                continue
            own = {**job["env"], **step.get("env", {})}
            done = self._step(step["run"], machine, path, {**{n: _value(v) for n, v in own.items()}, **added})
            printed += done.stdout + done.stderr
            path = [*_lines_of(machine / "path"), str(self.folder / "tools")]
            added = dict(line.split("=", 1) for line in _lines_of(machine / "env"))
            if done.returncode:
                self.failed = step["name"]
                return printed
        self.failed = None
        return printed

    def _step(
        self, script: str, machine: Path, path: list[str], environment: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        (machine / "script").write_text(script, encoding="utf-8")
        command = self.workflow["defaults"]["run"]["shell"].replace("{0}", "script").split()
        bare = {
            "PATH": ":".join([*path, os.defpath, "/usr/bin"]),
            "HOME": str(machine),
            "RUNNER_TEMP": str(machine / "temp"),
            "GITHUB_PATH": str(machine / "path"),
            "GITHUB_ENV": str(machine / "env"),
            "STATE": str(self.folder),
            "FINEWS": str(self.finews),
        }
        return subprocess.run(
            command, cwd=machine, env=bare | environment, capture_output=True, text=True, timeout=60, check=False
        )

    def calls(self) -> list[str]:
        """Return what `gh` was asked to do in the last job, without what only looks."""
        lines = _lines_of(self.folder / "calls")
        return [" ".join(line.split()[:2]) for line in lines if not line.startswith(("api ", "release view"))]

    def assets(self) -> list[Path]:
        """Return the release's assets, the oldest first."""
        return sorted((self.folder / "releases" / "archive-finews").glob("*"))

    def runs(self, asset: Path) -> list[int]:
        """Return the numbers of the runs in an archive that was uploaded."""
        database = self.folder / "looked-at.db"
        subprocess.run(["zstd", "--quiet", "--force", "--decompress", asset, "-o", database], check=True)
        with Archive(database) as archive:
            return [run["run"] for run in archive.runs()]


def _value(text: Any) -> str:
    """Put in what GitHub puts in."""
    return str(text).replace("${{ github.repository }}", "me/news").replace("${{ github.token }}", "secret")


def _lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def runner_in(folder: Path, finews: Path) -> Runner:
    (text,) = github(crawl_of(folder)).files.values()
    return Runner(folder, finews, yaml.safe_load(text))


@pytest.fixture(scope="module")
def first_job(mirrored: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Run a first job, without a release."""
    runner = runner_in(tmp_path_factory.mktemp("first"), mirrored)
    runner.run()
    return runner


@pytest.fixture
def runner(first_job: Runner, tmp_path: Path) -> Runner:
    """Make a runner that finds what the first job has left, long ago: in one second two would have one name."""
    runner = runner_in(tmp_path, first_job.finews)
    shutil.copytree(first_job.folder / "releases", tmp_path / "releases", dirs_exist_ok=True)
    (archive,) = runner.assets()
    archive.rename(archive.with_name("archive-20240101T000000Z.db.zst"))
    return runner


def test_the_workflow_asks_for_no_more_than_it_needs(tmp_path: Path) -> None:
    task = crawl_of(tmp_path, every="1h")
    (text,) = github(task).files.values()
    assert re.findall(r"@[A-Z]+@", text) == []
    workflow = yaml.safe_load(text)
    job = workflow["jobs"]["crawl"]
    # YAML 1.1 takes the key `on` for yes.
    assert workflow[True] == {
        "schedule": [{"cron": crontab_fields(task.every, task.begin)}],
        "workflow_dispatch": None,
    }
    assert workflow["permissions"] == {"contents": "write"}
    assert workflow["concurrency"] == {"group": "archive-finews", "cancel-in-progress": False}
    assert job["timeout-minutes"] == 90
    assert [step["uses"] for step in job["steps"] if "uses" in step] == ["actions/checkout@v6"]
    holders = [step["name"] for step in job["steps"] if "GH_TOKEN" in step.get("env", {})]
    assert holders == ["Take up the archive", "Publish the archive"]
    assert "GH_TOKEN" not in job["env"]
    assert "--clobber" not in text


@needs_zstd
def test_a_first_job_makes_the_release_and_the_next_one_goes_on_from_it(first_job: Runner, runner: Runner) -> None:
    assert (first_job.failed, first_job.calls()) == (None, ["release create"])
    runner.run()
    assert (runner.failed, runner.calls()) == (None, ["release download", "release upload"])
    first, second = runner.assets()
    assert [runner.runs(first), runner.runs(second)] == [[1], [2, 1]]


@needs_zstd
def test_all_but_the_last_three_archives_are_deleted(runner: Runner) -> None:
    (whole,) = runner.assets()
    for year in (2021, 2022, 2023):
        shutil.copy(whole, whole.with_name(f"archive-{year}0101T000000Z.db.zst"))
    runner.run()
    assert runner.calls() == ["release download", "release upload", "release delete-asset", "release delete-asset"]
    *older, newest = (path.name for path in runner.assets())
    assert older == ["archive-20230101T000000Z.db.zst", whole.name]
    assert newest > whole.name


@needs_zstd
@pytest.mark.parametrize(
    "call", ["api --paginate", "release view", "release download"], ids=lambda call: call.replace(" ", "-")
)
def test_a_job_that_cannot_have_the_archive_neither_crawls_nor_publishes(call: str, runner: Runner) -> None:
    before = {path.name: path.read_bytes() for path in runner.assets()}
    runner.fails(call)
    runner.run()
    assert runner.failed == "Take up the archive"
    assert not {"release upload", "release create", "release delete-asset"} & set(runner.calls())
    assert {path.name: path.read_bytes() for path in runner.assets()} == before


@needs_zstd
def test_a_job_that_finds_a_broken_archive_or_none_ends_before_it_crawls(runner: Runner) -> None:
    (whole,) = runner.assets()
    whole.write_bytes(whole.read_bytes()[:-100])
    runner.run()
    assert (runner.failed, runner.calls()) == ("Take up the archive", ["release download"])
    whole.unlink()
    assert runner.run().endswith(
        "::error::The release archive-finews holds no archive. If it never did, delete it to begin anew.\n"
    )
    assert (runner.failed, runner.calls()) == ("Take up the archive", [])


@needs_zstd
def test_a_job_that_cannot_upload_deletes_nothing(runner: Runner) -> None:
    runner.fails("release upload")
    runner.run()
    assert (runner.failed, runner.calls()) == ("Publish the archive", ["release download", "release upload"])
    assert len(runner.assets()) == 1


@needs_zstd
def test_an_archive_with_fewer_posts_than_before_is_not_published(runner: Runner) -> None:
    steps = runner.workflow["jobs"]["crawl"]["steps"]
    empty = runner.folder / "empty.db"
    Archive(empty, create=True).close()
    steps.insert(-2, {"name": "Lose it all", "run": f'cp "{empty}" "$FINEWS_ARCHIVE"'})
    printed = runner.run()
    assert runner.failed == "Publish the archive"
    assert printed.endswith("::error::The archive has 0 posts and had 25: it is not published.\n")
    assert len(runner.assets()) == 1


@needs_zstd
@pytest.mark.parametrize(
    ("code", "step", "calls"),
    [
        (1, None, ["release download", "release upload"]),
        (130, None, ["release download", "release upload"]),
        (75, "Crawl", ["release download"]),
        (2, "Crawl", ["release download"]),
    ],
)
def test_what_a_crawl_that_did_not_end_well_has_stored_is_published_and_what_did_not_begin_is_an_error(
    code: int, step: str | None, calls: list[str], runner: Runner
) -> None:
    script = f'#!/bin/sh\n[ "$1" = crawl ] && exit {code}\nexec {shlex.quote(str(runner.finews))} "$@"\n'
    runner.finews = written(runner.folder / "ending", script)
    runner.run()
    assert (runner.failed, runner.calls()) == (step, calls)


@needs_zstd
def test_a_job_that_finds_something_amiss_fails_when_it_has_published(runner: Runner) -> None:
    script = f'#!/bin/sh\n[ "$1" = runs ] && exit 1\nexec {shlex.quote(str(runner.finews))} "$@"\n'
    runner.finews = written(runner.folder / "ending", script)
    runner.run()
    assert (runner.failed, runner.calls()) == ("Say what is amiss", ["release download", "release upload"])


def test_jobs_begin_apart_from_the_full_hour_s_rush() -> None:
    begins = sorted(offset(f"/{name}", timedelta(hours=1)) for name in range(500))
    assert max(later - earlier for earlier, later in pairwise(begins)) <= 2 * MINUTE
