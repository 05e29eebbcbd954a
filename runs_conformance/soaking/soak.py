"""The command `soak`: a target, a process that sends, and the judge, which is here."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from runs_conformance.options import EMBEDDED, Chosen, UsageError
from runs_conformance.report.text import emit, wants_colour
from runs_conformance.session import absent, embedded_profile
from runs_conformance.soaking import corpus as drawing
from runs_conformance.soaking import serving
from runs_conformance.soaking.judging import Harvest, SoakJudge, judged
from runs_conformance.soaking.verdict import SoakVerdicts, recorder_of
from runs_conformance.stimuli.inside import Resources
from runs_conformance.target.profile import Profile
from runs_conformance.target.serving import ServingError
from runs_conformance.target.settings import ProfileError

TRAFFIC: Final = "runs_conformance.soaking.traffic"
COULD_NOT_RUN: Final = 2
NOTHING: Final = "soak needs a create call and threads of its own; the profile declares them absent"
# Seconds between two lines of progress.
OFTEN: Final = 10.0


@dataclass(frozen=True)
class Wanted:
    """What the command was asked for beside what `check` knows. Seconds; users a second; users."""

    users: int
    seconds: float
    spawn_rate: float
    pause: float = 0.0
    colour: str = "auto"

    @property
    def window(self) -> float:
        return max(1.0, self.seconds / 60)


def soak(chosen: Chosen, wanted: Wanted) -> int:
    """Soak a target; the exit code, as of `check`, and the report on standard output."""
    profile = soaked_profile(chosen)
    chosen = replace(chosen, profile=profile)
    drawn = drawing.draw(profile, chosen.seed, resources_of(profile))
    if not drawn.valid:
        raise UsageError(NOTHING)
    verdicts = SoakVerdicts(chosen, {"checks": 0, "requests": 0, "runs": 0}, quiet=True)
    verdicts.start()
    interrupted, harvest, before = False, Harvest(wanted.window), serving.spent()
    own: float | None = None
    try:
        with (
            serving.beside(chosen.target) as base_url,
            traffic(orders(chosen, drawn, base_url, wanted)) as sent,
        ):
            judge = SoakJudge(
                profile,
                recorder_of(chosen),
                chosen.selected,
                wanted.window,
                told=lambda records: verdicts.take(records, None, "", done=False, what=""),
            )
            harvest, interrupted = _judged(sent, judge)
        own = serving.spent() - before
    except (ServingError, ProfileError) as error:
        verdicts.stop(str(error))
    return finished(verdicts, chosen, wanted, harvest, own, interrupted=interrupted)


def finished(
    verdicts: SoakVerdicts,
    chosen: Chosen,
    wanted: Wanted,
    harvest: Harvest,
    own: float | None,
    *,
    interrupted: bool,
) -> int:
    """The verdict on what was gathered, written and printed; its exit code."""
    reasons = [one.reason for one in harvest.over]
    blocked = next((one.removeprefix(BLOCKED) for one in reasons if one.startswith(BLOCKED)), "")
    if blocked:
        verdicts.stop(blocked)
    elif not harvest.over and not interrupted:
        verdicts.stop("the sending process ended before its time; its own message is above")
    started = "://" not in chosen.target
    traffic_cpu = sum(one.cpu for one in harvest.over)
    verdicts.gathered(harvest, None if not started or own is None else max(0.0, own - traffic_cpu))
    for reason in reasons:
        if reason and not reason.startswith(BLOCKED) and reason != "interrupted":
            verdicts.take(
                [{"kind": "note", "text": f"The load ended early: {reason}."}], None, "", done=False, what=""
            )
    code = verdicts.finish(interrupted=interrupted or "interrupted" in reasons)
    if verdicts.unreachable:
        emit(sys.stderr, f"runs-conformance: {verdicts.reason}\n")
        return COULD_NOT_RUN
    colour = wants_colour(sys.stdout, wanted.colour, os.environ)
    emit(sys.stdout, verdicts.text(shutil.get_terminal_size().columns, colour))
    return code


BLOCKED: Final = "blocked: "


def soaked_profile(chosen: Chosen) -> Profile:
    """With all that follows from what it declares absent; the embedded target's has every resource."""
    profile = embedded_profile(chosen.profile) if chosen.target == EMBEDDED else chosen.profile
    return replace(profile, absent=absent(profile))


def resources_of(profile: Profile) -> Resources:
    kinds = ("file", "vector_store", "image_url", "other_model")
    held = {kind: profile.resource(kind) for kind in kinds}
    return replace(Resources(), **{kind: value for kind, value in held.items() if value})


def orders(chosen: Chosen, drawn: drawing.Corpus, base_url: str, wanted: Wanted) -> bytes:
    """The settings of the sending process. The key is not among them: it is in the environment of both."""
    profile = chosen.profile
    profile.key(base_url)  # ProfileError here and not there
    environ = None if profile.environ is os.environ else dict(profile.environ)
    fields = {
        "profile": replace(profile, environ={}),
        "base_url": base_url,
        "corpus": drawn,
        "users": wanted.users,
        "seconds": wanted.seconds,
        "spawn_rate": wanted.spawn_rate,
        "seed": chosen.seed,
        "pause": wanted.pause,
        "environ": environ,
    }
    return pickle.dumps(fields)


@contextmanager
def traffic(settings: bytes) -> Iterator[subprocess.Popen[bytes]]:
    """The sending process. Ctrl-C reaches us alone, and it by the end of its stdin."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", TRAFFIC],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    try:
        process.stdin.write(settings)
        process.stdin.flush()
        yield process
    finally:
        process.stdin.close()
        if process.stdout is not None:
            process.stdout.close()
        process.wait()


def _judged(process: subprocess.Popen[bytes], judge: SoakJudge) -> tuple[Harvest, bool]:
    """All that was sent, judged; at the first Ctrl-C sending ends, and what is under way is judged."""
    stdin, stream = process.stdin, process.stdout
    assert stdin is not None
    assert stream is not None
    told: list[int] = []

    def ending(number: int, _: object) -> None:
        told.append(number)
        if len(told) > 1:
            raise KeyboardInterrupt
        stdin.close()
        emit(sys.stderr, "Interrupted: judging what has been sent; again to leave that.\n")

    before = signal.signal(signal.SIGINT, ending)
    try:
        return judged(stream, judge, Progress().step), bool(told)
    finally:
        signal.signal(signal.SIGINT, before)


class Progress:
    """A line every now and then."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()

    def step(self, harvest: Harvest) -> None:
        now = time.monotonic()
        if now - self._last < OFTEN:
            return
        self._last = now
        minutes, seconds = divmod(int(now - self._began), 60)
        emit(
            sys.stderr,
            f"{minutes}:{seconds:02}  {harvest.stories.total():,} stories, {harvest.exchanges:,} exchanges "
            f"judged, {harvest.failed.total():,} failures\n",
        )
