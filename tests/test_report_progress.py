from __future__ import annotations

import io

from runs_conformance.report.progress import Progress
from runs_conformance.report.text import columns


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def run(seconds: list[float], *, tty: bool, total: int | None = 40) -> str:
    clock, out = Clock(), io.StringIO()
    with Progress(out, total, clock=clock, tty=tty) as progress:
        for at in seconds:
            clock.now = 100 + at
            progress.step(failed=1, requests=2, runs=1, doing="refuse\x1b[2J")
    return out.getvalue()


def test_a_terminal_gets_one_line_rewritten_and_removed() -> None:
    shown = run([0.0, 4.0], tty=True)
    assert shown.split("\r\x1b[K") == [
        "",
        "1/40 checks, 1 failed, 2 requests, 1 runs  refuse\\x1b[2J",
        "2/40 checks, 2 failed, 4 requests, 2 runs, about 76 s left  refuse\\x1b[2J"[:79],
        "",
    ]
    assert "\n" not in shown


def test_a_terminal_is_not_flooded() -> None:
    assert run([n / 1000 for n in range(200)], tty=True).count("\x1b[K") == 3


def test_a_pipe_gets_a_plain_line_every_ten_seconds() -> None:
    shown = run([1, 5, 10, 11, 21], tty=False)
    assert [line.split(",")[0] for line in shown.splitlines()] == ["3/40 checks", "5/40 checks"]
    assert "\x1b" not in shown


def test_a_short_run_says_nothing_into_a_pipe() -> None:
    assert run([0.1, 2.0], tty=False) == ""


def test_an_unknown_total_promises_no_end() -> None:
    assert run([20], tty=False, total=None).startswith("1 checks, 1 failed")
    assert "left" not in run([20], tty=False, total=None)


def test_long_waits_are_told_in_minutes() -> None:
    assert "about 6 min 30 s left" in run([10], tty=False, total=40)


def test_a_narrow_window_gets_a_line_that_fits(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    shown = run([0.0, 4.0, 300.0], tty=True).split("\r\x1b[K")
    assert all(len(line) < 30 for line in shown)
    assert shown[1].startswith("1/40 checks, 1 failed")


def test_a_name_of_wide_characters_fits_too(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = io.StringIO()
    with Progress(out, 4, clock=Clock(), tty=True) as progress:
        progress.step(doing="日" * 60)
    line = out.getvalue().split("\r\x1b[K")[1]
    assert columns(line) < 60


def test_the_snapshot_of_a_long_run() -> None:
    shown = run([0.0, 30.0, 60.0], tty=True).split("\r\x1b[K")[1:-1]
    assert [line.partition("  ")[0] for line in shown] == [
        "1/40 checks, 1 failed, 2 requests, 1 runs",
        "2/40 checks, 2 failed, 4 requests, 2 runs, about 9 min 30 s left",
        "3/40 checks, 3 failed, 6 requests, 3 runs, about 12 min 20 s left",
    ]
