"""One task for a driver, judged: its report against what passed; and what it sent against the register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from runs_conformance.clients.cases import ClientCase
from runs_conformance.clients.catalogue import Driver, Sent
from runs_conformance.clients.comparing import Truth, compare, truth
from runs_conformance.clients.driving import DriverError, HangError, Talk
from runs_conformance.clients.passing import Passing
from runs_conformance.clients.tasks import Task
from runs_conformance.contract.findings import Finding
from runs_conformance.contract.register import Register

# What the requests of a client are in its matrix, beside the scenarios.
REQUESTS: Final = "its requests"
# Seconds that a driver gets beyond those that its client has.
_BEYOND: Final = 5.0


@dataclass(frozen=True)
class Spoken:
    """The exchanges of one use of a driver, by their numbers."""

    driver: Driver
    use: str
    numbers: range


def tried(client: str, task: Task, talk: Talk, proxy: Passing) -> tuple[ClientCase, bool]:
    """The cell of one task, and whether the driver's process is used up."""
    proxy.start()
    broken = False
    try:
        report = talk.ask(task.document, task.seconds + _BEYOND)
        outcome, why = judged(task, report, truth(proxy.exchanges()))
    except HangError as error:
        outcome, why, broken = "wrong", f"it hung: {error}", True
    except DriverError as error:
        outcome, why, broken = "wrong", str(error), True
    seen = proxy.exchanges()
    return ClientCase(client, task.name, outcome, why, seen[-1].id if seen else ""), broken


def judged(task: Task, report: Mapping[str, Any], seen: Truth) -> tuple[str, str]:
    """A scenario may be an error on purpose; a plain task that ends in one is not served."""
    if report["outcome"] == "unsupported":
        return "skipped", "the driver has no such use"
    why = compare(report, seen)
    if not why and task.plain and seen.error is not None:
        return "refused", f"answered {seen.error[0]}: {seen.error[1].get('message')}"
    return ("wrong" if why else "served"), why


def requests(
    spoken: Spoken, findings: Iterable[Finding], register: Register, known: Iterable[Sent],
) -> ClientCase:
    """What the exchanges of a use broke of the rows about clients, as a case of its own."""
    numbers, driver = spoken.numbers, spoken.driver
    broken = Counter(
        one.requirement for one in findings
        if one.failed and register[one.requirement].about_clients and int(one.exchange) in numbers
    )
    sources = {one.row: one.source for one in known if one.client == driver.name}
    told = [
        f"{row} was broken in {count} of {len(numbers)} requests"
        + (f" [{sources[row]}]" if row in sources else "")
        for row, count in broken.items()
    ]
    outcome = "served" if not broken else "known" if set(broken) <= set(sources) else "wrong"
    return ClientCase(f"{driver.title} {spoken.use}", REQUESTS, outcome, "; ".join(told))
