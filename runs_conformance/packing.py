"""Sending packs of inside values, and telling which value a target turns down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from runs_conformance.contract.findings import passed, untestable
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.contract.traces import answer_run
from runs_conformance.live import Bench, answer_text, refusal
from runs_conformance.scenes import accepted
from runs_conformance.stimuli.inside import Inside, inside
from runs_conformance.stimuli.packs import Pack, culprits, pack

# The words of a refusal that speaks of the model or of a thing that is not there, not of the body.
_MODEL_WORDS = ("model", "unsupported")


@dataclass
class _Sender:
    """Sends groups of values; remembers the last answer to each and the resources that were seen to exist."""

    bench: Bench
    operation: str
    answers: dict[tuple[Inside, ...], Exchange] = field(default_factory=dict)
    real: set[str] = field(default_factory=set)

    def accepted(self, parts: Sequence[Inside]) -> bool:
        return self.send(Pack(self.operation, tuple(parts))).ok

    def send(self, one: Pack) -> Exchange:
        live = self.bench.live
        name = (
            one.name
            if len(one.parts) < 4
            else f"{one.parts[0].name} and {len(one.parts) - 1} more inside values"
        )
        case = Case(name, one.requirements, "accepted")
        body = one.body(live.stage.assistant(), live.text())
        exchange = live.create(self.operation, body, query=one.query, headers=one.headers, case=case)
        self.answers[one.parts] = exchange
        if exchange.ok:
            self.real |= {part.resource for part in one.parts if part.resource}
            self.bench.add(*(passed(row, exchange) for row in one.requirements))
            self._look(one, exchange)
        return exchange

    def _look(self, one: Pack, exchange: Exchange) -> None:
        """Read the thread back where the values stand on it: the run does not show them."""
        live, thread = self.bench.live, answer_run(exchange).get("thread_id")
        held = any(part.message or "thread" in dict(part.fields) for part in one.parts)
        if not held or not isinstance(thread, str):
            return
        for capability, operation in (("messages.list", "listMessages"), ("thread.retrieve", "getThread")):
            if live.profile.lacks(capability) is None:
                live.send(operation, thread=thread)


def send_packs(
    bench: Bench, operation: str, sent: Sequence[Inside] | None = None,
) -> list[tuple[tuple[Inside, ...], Exchange]]:
    """All inside values of an operation (or `sent`) that the target should know.

    A finding for each that it refuses; what was refused, excused or not, with the answer to it.
    """
    live = bench.live
    accepted(live, operation)
    values = [
        one
        for one in (inside(operation, live.resources, live.edition) if sent is None else sent)
        if live.profile.lacks(one.capability) is None
    ]
    sender = _Sender(bench, operation)
    refused: list[tuple[tuple[Inside, ...], Exchange]] = []
    for one in pack(operation, values):
        if live.selected is not None and live.selected.isdisjoint(one.requirements):
            continue
        exchange = sender.send(one)
        if _busy(exchange):
            _undecided(bench, one.requirements, exchange)
        elif not exchange.ok:
            for group in culprits(one.parts, sender.accepted):
                _tell(bench, sender, group)
                if not sender.answers[group].ok:
                    refused.append((group, sender.answers[group]))
    bench.add(
        *(
            passed("accept.optional-fields-absent", exchange)
            for exchange in sender.answers.values() if exchange.ok
        )
    )
    return refused


def _tell(bench: Bench, sender: _Sender, group: tuple[Inside, ...]) -> None:
    exchange = (
        sender.answers[group]
        if group in sender.answers
        else sender.send(Pack(sender.operation, group))
    )
    if exchange.ok:
        return
    if _busy(exchange):
        _undecided(bench, group[0].requirements, exchange)
        return
    excuse = _excuse(bench, sender, group, exchange)
    if excuse:
        bench.excuse(group[0].requirements, excuse)
        return
    named = " together with ".join(part.name for part in group)
    for row in group[0].requirements:
        bench.add(refusal(row, exchange, named))


def _busy(exchange: Exchange) -> bool:
    """Throttled, or not reached at all: no word on the body."""
    return exchange.throttled or (exchange.failure is not None and exchange.failure.kind == "unreachable")


def _undecided(bench: Bench, requirements: Sequence[str], exchange: Exchange) -> None:
    bench.add(
        *(
            untestable(row, answer_text(exchange), blocked_by="a target that takes no more requests")
            for row in requirements
        )
    )


def _excuse(bench: Bench, sender: _Sender, group: tuple[Inside, ...], exchange: Exchange) -> str:
    """Why a refusal says nothing about the contract; empty when it does."""
    missing = {
        part.resource for part in group if part.resource and not bench.live.profile.resource(part.resource)
    } - sender.real
    if missing:
        kind = min(missing)
        named = kind.replace("_", " ")
        return f"the target refused a made-up {named}; name one that exists in the profile"
    told = exchange.response.object.get("error") if exchange.response else None
    words = str(told.get("message", "")).lower() if isinstance(told, dict) else ""
    if (
        any(part.name.startswith("reasoning_effort") for part in group)
        and any(word in words for word in _MODEL_WORDS)
    ):
        return "the model does not reason, which may be refused (RQ-102)"
    return ""
