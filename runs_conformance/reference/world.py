"""What all requests share: projects, ids, the clock, the options and the behaviour."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from runs_conformance.reference.records import Project

if TYPE_CHECKING:
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.options import ReferenceOptions
    from runs_conformance.reference.records import Thread


class World:
    """Ids follow from the seed and the order of requests; times from the clock of the machine, as moved.

    Worlds of other behaviour may share their `projects`.
    """

    def __init__(
        self, options: ReferenceOptions, behaviour: Behaviour, projects: dict[str, Project] | None = None
    ) -> None:
        self.options = options
        self.behaviour = behaviour
        self.projects: dict[str, Project] = {} if projects is None else projects
        self.requests = 0
        self.offset = 0.0
        self.random = random.Random(options.seed)  # noqa: S311 - ids that repeat from run to run are the point
        self._start = time.time() - time.monotonic()

    def now(self, thread: Thread | None = None) -> int:
        """Unix seconds; never goes back on its own, whatever is done to the clock of the machine."""
        return int(self._start + time.monotonic() + self.offset + (thread.offset if thread else 0.0))

    def new_id(self, prefix: str, length: int = 24) -> str:
        return self.behaviour.new_id(self.random, prefix, length)

    def project(self, key: str) -> Project:
        return self.projects.setdefault(key, Project(key))
