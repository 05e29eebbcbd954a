"""Any bytes from a raw socket, by Hypothesis: judged, watched and told without an error or the key."""

import contextlib
import json
import tempfile
from pathlib import Path

import httpx2
from broken_streams import good
from client_servers import RawServer, client_of
from hostile.servers import STREAM, dumped, finish, http
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_samples import COST, header
from watched_traffic import KEY, client, judged, proxied

from runs_conformance.contract.judge import Judge
from runs_conformance.contract.register import load
from runs_conformance.report.ending import exit_code, footer
from runs_conformance.report.results import ResultsWriter, read_results
from runs_conformance.report.saved import Recorder
from runs_conformance.report.summary import summarise
from runs_conformance.report.views import VIEWS

JUDGE = Judge()
RUN = http(dumped(good.run("queued")))
STREAMED = http(STREAM, kind="text/event-stream")
JUNK = st.binary(min_size=1, max_size=6) | st.sampled_from(
    [
        b"\r\n\r\n",
        b"\x1b[2J",
        b"\0",
        b"\xff",
        b"data: ",
        b"\n\n",
        b'"',
        b"[" * 500,
        b"9" * 5000,
        b"1e400",
        b"NaN",
    ]
)


@st.composite
def answers(draw):
    """A good answer that was cut, doubled and sown with junk, and whether it ends in a reset."""
    raw = draw(st.sampled_from([RUN, STREAMED]))
    for _ in range(draw(st.integers(1, 4))):
        at, until = sorted(draw(st.tuples(*[st.integers(0, len(raw))] * 2)))
        deed = draw(st.sampled_from(["insert", "cut", "double", "replace"]))
        middle = {
            "insert": raw[at:until] + draw(JUNK),
            "cut": b"",
            "double": raw[at:until] * 2,
            "replace": draw(JUNK),
        }
        raw = raw[:at] + middle[deed] + raw[until:]
    return raw, draw(st.booleans())


def server_of(raw, reset):
    def handler(connection):
        connection.request()
        connection.send(raw)
        connection.reset() if reset else finish(connection)

    return RawServer(handler)


def told(exchange, findings):
    """All that a run with these findings would leave."""
    recorder, register = Recorder(load()), load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.jsonl"
        with ResultsWriter(path) as writer:
            writer.header(header())
            for finding in findings:
                recorder.tell(finding, exchange, writer)
            summary = summarise(register, "2026-08-21", None, findings)
            for verdict in summary.verdicts:
                writer.requirement(verdict)
            writer.footer(footer(summary, COST, exit_code(summary)))
        results = read_results(path)
        return path.read_text("ascii"), [made(results) for made in VIEWS.values()]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(answers(), st.booleans())
def test_any_answer_is_judged_and_told(answer, stream):
    with server_of(*answer) as server, client_of(server) as http_client:
        exchange = http_client.send(
            "POST", "/threads/thread_A1/runs", body={"assistant_id": "a", "stream": stream}
        )
    assert exchange.seconds < 20
    lines, views = told(exchange, JUDGE.everything([exchange]))
    assert all(json.loads(line) for line in lines.splitlines())
    assert "\x1b" not in "".join(views)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(answers())
def test_any_answer_passes_the_proxy_and_is_judged(answer):
    body = {"assistant_id": "a", "stream": True}
    with (
        server_of(*answer) as server,
        proxied(server.url.removesuffix("/v1")) as (address, seen),
        client() as http_client,
        contextlib.suppress(httpx2.HTTPError, httpx2.StreamError),  # an answer that is none
    ):
        got = http_client.post(f"{address}/v1/threads/thread_A1/runs", json=body)
        assert KEY not in got.text
    assert len(seen) == 1
    assert set(judged(seen, server.url)) == {"client", "server"}
