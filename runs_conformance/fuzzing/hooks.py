"""For users of plain schemathesis: living ids, headers, our checks. No command of ours is needed.

    SCHEMATHESIS_HOOKS=runs_conformance.fuzzing.hooks st run openapi.json --url http://127.0.0.1:8000/v1

The profile is that of the environment: `RUNS_CONFORMANCE_PROFILE` names a file, the key is in
`OPENAI_API_KEY`. Setting up (an assistant, threads) goes through our client; the cases go out as schemathesis
sends them, streams cut where its `max-stream-events` says.
"""

from __future__ import annotations

import atexit
import os
import re
import threading
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from schemathesis.core.failures import Failure, FailureGroup, Severity
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response as ReadResponse
from schemathesis.generation.meta import CoveragePhaseData

from runs_conformance.contract.findings import Finding
from runs_conformance.contract.model import Exchange, Headers, Request, Response
from runs_conformance.contract.model import Failure as Broken
from runs_conformance.contract.register import load
from runs_conformance.contract.sse import read
from runs_conformance.contract.traces import assistants
from runs_conformance.fuzzing import beyond
from runs_conformance.fuzzing.living import Living
from runs_conformance.fuzzing.shots import CONTRACT, name_of, whole
from runs_conformance.live import Live
from runs_conformance.target.client import Client
from runs_conformance.target.reading import load as load_profile
from runs_conformance.target.stage import Blocked, Stage

_LOCK: Final = threading.RLock()
_SESSIONS: Final[dict[str, Living]] = {}
_STREAM: Final = "text/event-stream"


class ContractBroken(Failure):
    """A requirement of the register that the answer breaks; one failure a requirement and operation."""

    __slots__ = ("requirement",)
    code = "ST901"
    kind_title = "Requirement broken"

    def __init__(self, finding: Finding, operation: str) -> None:
        row = load()[finding.requirement]
        self.requirement = row.id
        expected = " or ".join(finding.expected)
        super().__init__(
            operation=operation,
            title=f"{row.level} {row.id}",
            message=f"{row.statement}\n\nat {finding.where}: expected {expected}, saw {finding.actual}",
            severity=Severity.HIGH if row.level == "MUST" else Severity.LOW,
        )

    @property
    def _unique_key(self) -> str:
        return self.requirement


def living(base_url: str) -> Living:
    """The session with a target, made when first asked for; it is cleaned up at the end of the process."""
    with _LOCK:
        if base_url not in _SESSIONS:
            named = os.environ.get("RUNS_CONFORMANCE_PROFILE")
            profile = load_profile(Path(named) if named else None, {"base_url": base_url})
            client = Client(profile, base_url)
            stage = Stage(client)
            atexit.register(stage.cleanup)
            _SESSIONS[base_url] = Living(Live(profile, client, stage, load()))
        return _SESSIONS[base_url]


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Cases that are about the ids and headers that `before_call` sets would all be the same."""
    data = case.meta.phase.data if case.meta is not None else None
    if name_of(case.operation) not in CONTRACT or not isinstance(data, CoveragePhaseData):
        return True
    return data.parameter_location not in (ParameterLocation.HEADER, ParameterLocation.PATH)


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Living ids in the path and the body; the beta header, the profile's headers and key.

    The key must be the one that the ids were made with: another project does not see them.
    """
    name = name_of(case.operation)
    if name not in CONTRACT:
        return
    with _LOCK:
        here = living(str(case.operation.base_url).rstrip("/"))
        kinds = tuple(re.findall(r"\{(\w+?)(?:_id)?\}", case.operation.path))
        try:
            ids = here.ids(name, kinds)
        except Blocked:
            ids = {}  # the target can't make it: the path stays as it was generated
        if case.meta is None or case.meta.phase.name.value != "stateful":
            named = {f"{kind}_id": each for kind, each in ids.items()}
            case.path_parameters = {**case.path_parameters, **named}
        body = whole(case.body) if isinstance(case.body, dict) else case.body
        if isinstance(body, dict) and isinstance(body.get("assistant_id"), str) and body["assistant_id"]:
            case.body = {**body, "assistant_id": here.assistant}
    for line, value in (("OpenAI-Beta", "assistants=v2"), *here.live.client.secrets):
        case.headers[line] = value


@schemathesis.check
def runs_conformance(_context: Any, response: ReadResponse, case: Any) -> None:
    """Everything that our checks can say of one exchange."""
    if name_of(case.operation) not in CONTRACT:
        return
    exchange = exchange_of(response, str(case.operation.base_url))
    with _LOCK:
        here = living(str(case.operation.base_url).rstrip("/"))
        here.note(exchange)
        here.live.shared("assistants", dict).update(assistants((exchange,)))
        found = [*here.live.judge.exchange(exchange), *beyond.judge(exchange, here.live.edition)]
    bad = {
        each.requirement: each for each in found if each.failed and load()[each.requirement].level != "MAY"
    }
    failures = [ContractBroken(each, case.operation.label) for each in bad.values()]
    if failures:
        raise FailureGroup(failures)


def exchange_of(response: ReadResponse, base_url: str) -> Exchange:
    """An answer as schemathesis read it, as the record that our checks read."""
    sent = response.request
    path, query = _below(str(sent.url), base_url)
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    sent_lines = [(str(name), str(value)) for name, value in sent.headers.items()]
    content_sent = body if isinstance(body, bytes) else None
    asked = Request(str(sent.method), path, query, Headers.of(sent_lines), content_sent)
    lines = tuple((name, value) for name, values in response.headers.items() for value in values)
    headers = Headers(lines)
    content = response.content or b""
    streamed = headers.media_type == _STREAM
    cut = Broken("closed", "schemathesis reads no further") if response.stream_cut_short else None
    answer = Response(
        response.status_code, headers, content, events=read(content).events if streamed else None, failure=cut
    )
    return Exchange("x1", asked, answer, seconds=response.elapsed, source="schemathesis", base_url=base_url)


def _below(url: str, base_url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    parts = urlsplit(url)
    path = parts.path.removeprefix(urlsplit(base_url).path.rstrip("/"))
    return path, tuple(parse_qsl(parts.query, keep_blank_values=True))
