"""A kept failure once more: for `--replay-failure`, for what failed before, in a test of the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from schemathesis.schemas import BaseSchema

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Case, Exchange
from runs_conformance.fuzzing import beyond, documents
from runs_conformance.fuzzing.panel import Panel, own
from runs_conformance.fuzzing.shots import CONTRACT, Shot, name_of
from runs_conformance.fuzzing.store import Failure, Store, open_database
from runs_conformance.fuzzing.stories import Call
from runs_conformance.live import Live
from runs_conformance.options import choose
from runs_conformance.session import session


class Undecided(Exception):  # noqa: N818 - neither met nor gone
    """The calls before the last one no longer lead there; the text says which did not."""


def again(failure: Failure, panel: Panel, schemas: Iterable[BaseSchema]) -> Finding | None:
    """Send a failure's calls: its finding if it is met again, told to the panel; None if not."""
    answers = sent(panel.live, failure.calls)
    for finding in verdicts(panel.live, failure, answers, schemas):
        if finding.requirement == failure.requirement and finding.failed:
            panel.seen(answers[-1])
            panel.take(answers[-1], [finding], failure.operation, "kept")
            return finding
    return None


def sent(live: Live, calls: Sequence[Call]) -> list[Exchange]:
    """The calls in their order, with the ids that the answers before gave; Undecided if one gave none."""
    answers: list[Exchange] = []
    for call in calls:
        try:
            arguments = call.arguments(answers)
        except LookupError as error:
            raise Undecided(str(error)) from None
        answers.append(live.client.send(**arguments))
    return answers


def verdicts(
    live: Live, failure: Failure, answers: Sequence[Exchange], schemas: Iterable[BaseSchema]
) -> list[Finding]:
    """All that can be said of the answers: by the contract, beyond it, by the user's document."""
    last = answers[-1]
    found = [*beyond.judge(last, live.edition, odd=True), *live.judge.everything(answers)]
    if failure.requirement == beyond.CONSISTENT and len(answers) > 1:
        twins = [one for one in answers[:-1] if one.operation.name == last.operation.name]
        found += [each for one in twins[-1:] for each in beyond.consistent(one, last)]
    if failure.operation and failure.operation not in CONTRACT:
        found += _own(failure, last, schemas)
    return found


def _own(failure: Failure, exchange: Exchange, schemas: Iterable[BaseSchema]) -> list[Finding]:
    known = {name_of(each): each for schema in schemas for each in documents.operations(schema)}
    operation = known.get(failure.operation)
    if operation is None:
        raise Undecided(f"no document here describes {failure.operation}; give it with --openapi")
    case = operation.Case()
    request = exchange.request
    shot = Shot("kept", failure.operation, request.method, request.path, Case(""), case=case)
    return own(exchange, shot)


def holds(
    requirement: str, *calls: Mapping[str, Any], target: str, operation: str = "", openapi: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """For a test: send the calls to `target`; AssertionError if the last answer breaks the requirement.

    Each call has `method`, `path` and what else a kept one has. `options` are those of `check` by name
    (`{"--profile": ["profile.toml"]}`); the key comes from the environment, as there.
    """
    story = tuple(Call.read(dict(each)) for each in calls)
    _hold(Failure("", requirement, operation, "", "", story), target, openapi, options)


def kept_holds(
    name: str, *, target: str, database: str | None = None, openapi: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """The same for a case that is too large to stand in a test: it is read from the database by its id."""
    _hold(Store(open_database(database)).get(name), target, openapi, options)


def _hold(
    failure: Failure, target: str, openapi: str | None, options: Mapping[str, Any] | None
) -> None:
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path("~/.cache/runs-conformance").expanduser()))
    given = options or {}
    chosen = choose(target, given.get)
    with session(chosen) as live:
        base_url = live.client.base_url
        schemas = [documents.theirs(Path(openapi), base_url)] if openapi else []
        answers = sent(live, failure.calls)
        for finding in verdicts(live, failure, answers, schemas):
            if finding.requirement == failure.requirement and finding.failed:
                accepted = " or ".join(finding.expected)
                raise AssertionError(
                    f"{finding.requirement} at {finding.where}: expected {accepted}, saw {finding.actual}"
                )


def function(failure: Failure, target: str, openapi: str | None, statement: str) -> str:
    """A test function that fails as long as the failure is there."""
    name = f"test_{failure.requirement}_{failure.id}".replace(".", "_").replace("-", "_")
    more = f", openapi={openapi!r}" if openapi else ""
    head = f"def {name}():\n    {_docstring(statement)}\n"
    calls = [_shown(call) for call in failure.calls]
    if sum(map(len, calls)) > _LONGEST:
        imported = "from runs_conformance.fuzzing.replaying import kept_holds\n\n"
        return f"{imported}\n{head}    kept_holds({failure.id!r}, target={target!r}{more})\n"
    operation = "" if failure.operation in CONTRACT else f", operation={failure.operation!r}"
    words = [repr(failure.requirement), *calls, f"target={target!r}{operation}{more}"]
    body = "".join(f"        {word},\n" for word in words)
    return f"from runs_conformance.fuzzing.replaying import holds\n\n\n{head}    holds(\n{body}    )\n"


_LONGEST = 4_000


def _docstring(text: str) -> str:
    return '"""' + text.replace("\\", "\\\\").replace('"', "'") + '"""'


def _shown(call: Call) -> str:
    """The call as Python writes it, without what is as usual."""
    plain = Call(call.method, call.path)
    fields = {key: getattr(call, key) for key in Call.__dataclass_fields__}
    needed = ("method", "path")
    kept = {key: each for key, each in fields.items() if key in needed or each != getattr(plain, key)}
    return repr(kept)
