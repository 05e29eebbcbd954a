"""What `check --as CLIENT` sends: would this target serve that client's users.

What the client can send is sent as it sends it; what is answered is judged by every check there is. Values
that a target refuses, and what the client sends outside of the contract, become cases of the client's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runs_conformance.clients.cases import ClientCase
from runs_conformance.clients.dialects import ABSENT, Deviation, Dialect, Use, needs
from runs_conformance.clients.sending import Strange, bodies_as, cases, strange
from runs_conformance.contract.findings import passed, verdict
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.exploring import explore_valid
from runs_conformance.live import Bench, Live, Skip, answer_text
from runs_conformance.packing import send_packs
from runs_conformance.scenes import accepted, control
from runs_conformance.stimuli.base import SAYS
from runs_conformance.stimuli.base import body as plain_body


def dialect_of(live: Live) -> Dialect:
    if live.acting is None:
        raise LookupError("no client was named with --as")
    return live.acting


def rows_of(uses: tuple[Use, ...]) -> list[str]:
    """The requirements that the uses rest on, for the tests that show them."""
    known = needs()
    return sorted({row for use in uses for name, _ in use.needs for row in known[name].rows})


def plain(bench: Bench, operation: str, row: str) -> None:
    """The least that the client sends, and the run that comes of it, followed to its end and read."""
    live, dialect = bench.live, dialect_of(bench.live)
    exchange = control(live, operation)
    always = _unavoidable(dialect)
    if not exchange.ok and always is not None:
        _told(bench, f"every {operation}", "kept", f"{always.name}: {answer_text(exchange)}", exchange)
        bench.add(passed(always.row, exchange))
        raise Skip(f"{dialect.title} always sends {always.name}, which this target refuses")
    if bench.accept(exchange, [row, "headers.paths"]):
        _told(bench, f"{operation} with nothing but an assistant", "served", "", exchange)
        _follow(live, exchange)
    else:
        _told(bench, f"every {operation}", "refused", answer_text(exchange), exchange)


def _unavoidable(dialect: Dialect) -> Deviation | None:
    return next((one for one in dialect.deviations if one.unavoidable), None)


def _taken(live: Live, operation: str) -> None:
    """Skip or Blocked unless the least that the client sends is taken."""
    always = _unavoidable(dialect_of(live))
    if always is not None and not control(live, operation).ok:
        raise Skip(f"{always.name}: this target refuses every request of the client")
    accepted(live, operation)


def _follow(live: Live, exchange: Exchange) -> None:
    live.finish(exchange)
    run = exchange.response.object if exchange.response else {}
    thread, name = run.get("thread_id"), run.get("id")
    reads: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("messages.list", "listMessages", {}), ("steps", "listRunSteps", {"run": name}),
    )
    for capability, read, ids in reads:
        if live.profile.lacks(capability) is None and isinstance(thread, str) and isinstance(name, str):
            live.send(read, thread=thread, **ids)


def values(bench: Bench, operation: str) -> None:
    """Every value that the client's users can give; a case for each that is refused."""
    live, dialect = bench.live, dialect_of(bench.live)
    _taken(live, operation)
    sent = cases(dialect, operation, live.resources, live.edition)
    refused = send_packs(bench, operation, sent)
    bad = {id(part) for group, _ in refused for part in group}
    for one in sent:
        if id(one) not in bad and live.profile.lacks(one.capability) is None:
            _told(bench, f"{operation}: {one.name}", "served")
    for group, exchange in refused:
        name = " together with ".join(part.name for part in group)
        _told(bench, f"{operation}: {name}", "refused", answer_text(exchange), exchange)


def any_body(bench: Bench, operation: str) -> None:
    """Bodies as the client's users may put them together, drawn by Hypothesis."""
    live = bench.live
    _taken(live, operation)
    lacks = frozenset(live.profile.absent)
    drawn = bodies_as(
        dialect_of(live), operation, live.profile.model, edition=live.edition, lacks=lacks,
    )
    explore_valid(bench, operation, drawn)


def streamed(bench: Bench, operation: str) -> None:
    """A run streamed as the client asks for it."""
    live = bench.live
    live.needs("streams")
    _taken(live, operation)
    case = Case("a stream as the client asks for it", (), "accepted")
    body = {**plain_body(operation, live.stage.assistant(), live.text(SAYS)), "stream": True}
    exchange = live.create(operation, body, case=case)
    served = exchange.ok and exchange.streamed
    why = "" if served else _no_stream(exchange)
    _told(bench, f"{operation}: a stream", "served" if served else "refused", why, exchange)


def _no_stream(exchange: Exchange) -> str:
    if not exchange.ok or exchange.response is None:
        return answer_text(exchange)
    return f"answered as {exchange.response.headers.media_type or 'no type'}, not as a stream"


def strangers(dialect: Dialect, operation: str, edition: str) -> Iterator[Strange]:
    """What the client sends outside of the contract, of its users' own choice."""
    yield from (one for one in strange(dialect, operation, edition) if not one.deviation.unavoidable)


def deviate(bench: Bench, one: Strange) -> None:
    """Something outside of the contract: refused it leaves the users without it, taken it breaks a row."""
    live, dialect = bench.live, dialect_of(bench.live)
    _taken(live, one.operation)
    body = {**plain_body(one.operation, live.stage.assistant(), live.text()), **one.body}
    body = {name: held for name, held in body.items() if held != ABSENT}
    case = Case(f"{dialect.title}: {one.deviation.name}", (one.row,), "refused")
    exchange = live.create(one.operation, body, case=case)
    refused = exchange.refused
    bench.add(verdict(
        one.row, refused, exchange, expected="a 4xx refusal with the error body, and nothing created",
        actual=answer_text(exchange), where=one.deviation.name,
    ))
    why = f"when {one.deviation.when}"
    _told(bench, f"{one.operation}: {one.deviation.name}", "served" if exchange.ok else "kept", why, exchange)


def _told(bench: Bench, case: str, outcome: str, why: str = "", exchange: Exchange | None = None) -> None:
    name = dialect_of(bench.live).title
    bench.served.append(ClientCase(name, case, outcome, why, exchange.id if exchange else ""))
