"""The process that sends: `soak` starts it with its settings on stdin and reads stories from its stdout.

A process of its own, for gevent patches what it runs in. When stdin ends, whoever started it wants it to end.
"""

# ruff: noqa: I001 - Locust patches the process when it is imported, so it comes before all others
from __future__ import annotations

import os
import pickle
import sys
from dataclasses import dataclass, replace
from typing import Any, Final

from runs_conformance.soaking.users import Load, Outlet, RunsUser  # first

import gevent
import gevent.fileobject
from locust.env import Environment

from runs_conformance.soaking.corpus import Corpus
from runs_conformance.soaking.judging import Over
from runs_conformance.target.profile import Profile
from runs_conformance.target.settings import ProfileError
from runs_conformance.target.stage import Blocked

# Seconds that stories under way are given when time is up.
GRACE: Final = 20.0


@dataclass(frozen=True)
class Orders:
    """What to do. `environ` is None where the process' own environment holds the key."""

    profile: Profile
    base_url: str
    corpus: Corpus
    users: int
    seconds: float
    spawn_rate: float
    seed: int
    pause: float
    environ: dict[str, str] | None


def main() -> int:
    """0, also where the target could not be reached: the last message says why."""
    descriptor = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not get between the stories
    orders = Orders(**pickle.load(sys.stdin.buffer))  # noqa: S301 - written by our own other half
    environ = os.environ if orders.environ is None else orders.environ
    profile = replace(orders.profile, environ=environ)
    environment = Environment(user_classes=[RunsUser], stop_timeout=GRACE)
    outlet = Outlet(descriptor)
    try:
        load = Load(
            profile,
            orders.base_url,
            orders.corpus,
            outlet,
            environment.events.request.fire,
            orders.seed,
            orders.pause,
        )
        load.prepare()
    except (Blocked, ProfileError) as error:
        outlet.put(Over(0.0, 0.0, 0.0, 0, 0, 0, f"{BLOCKED}{error}"))
        outlet.close()
        return 0
    RunsUser.load = load
    _run(environment, load, orders)
    return 0


BLOCKED: Final = "blocked: "


def _run(environment: Environment, load: Load, orders: Orders) -> None:
    runner = environment.create_local_runner()
    load.start()
    watching = gevent.spawn(_until_told, load)
    if not load.ended.is_set():
        runner.start(orders.users, spawn_rate=orders.spawn_rate)
        load.ended.wait(orders.seconds)
    load.ended.set()
    runner.quit()
    watching.kill()
    load.finish(orders.users)


def _until_told(load: Load) -> None:
    """The other end of stdin is gone: it was interrupted, or has died."""
    waiting: Any = gevent.fileobject.FileObject(0, "rb", close=False)
    while waiting.read(1):
        pass
    load.reason = load.reason or "interrupted"
    load.ended.set()


if __name__ == "__main__":
    sys.exit(main())
