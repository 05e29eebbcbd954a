"""The judge of one worker of a cluster, in a process of its own.

Settings and stories come on stdin, what they came to goes to stdout, pickled: both ends are ours. Started by
`locustfile`; a person has no use for it.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from dataclasses import dataclass, replace
from typing import IO, Any

from runs_conformance.contract.register import load
from runs_conformance.report.records import Record
from runs_conformance.report.saved import Recorder
from runs_conformance.session import redactor
from runs_conformance.soaking.judging import SoakJudge, judged
from runs_conformance.target.profile import Profile


@dataclass(frozen=True)
class Settings:
    """`profile` without its environment, which is this process' own."""

    profile: Profile
    selected: frozenset[str] | None
    strict: bool
    window: float
    prefix: str


def main(source: IO[bytes], sink: IO[bytes]) -> int:
    """Signals are for the worker: it says when it is over."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    settings = Settings(**pickle.load(source))  # noqa: S301 - written by our own other half
    profile = replace(settings.profile, environ=os.environ)
    recorder = Recorder(load(), settings.strict, redactor(profile), profile.key_env)
    records: list[Record] = []
    judge = SoakJudge(
        profile, recorder, settings.selected, settings.window,
        told=records.extend, prefix=settings.prefix,
    )
    harvest = judged(source, judge, lambda _: None)
    made: dict[str, Any] = {"harvest": harvest.plain, "records": records}
    pickle.dump(made, sink)
    sink.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))
