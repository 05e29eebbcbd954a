"""Results files for the tests of views: small ones, and ones whose target was hostile."""

from report_samples import COST, ROWS, exchange, failed, header, passed, row, stuck, summary
from report_samples import register as register_of

from runs_conformance.contract.model import Event, Response
from runs_conformance.report.ending import exit_code, footer
from runs_conformance.report.records import Note
from runs_conformance.report.results import ResultsWriter, read_results
from runs_conformance.report.saved import Recorder

# Markup, a terminal's escape, a direction mark, a workflow command, Markdown, XML's end, a broken surrogate.
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> \x1b[2J\x1b]8;;http://evil.test\x07 \u202egnp.exe "
    "\r\n::error title=x::owned\n]]> &amp; `code` ``` | [a](http://evil.test) ![p](http://evil.test) @team "
    "\x00\ud800"
)
NO_STREAMS = {"stream.first-event": "the profile declares streams absent"}


def write(path, findings, exchanges=(), *, rows=ROWS, target="http://127.0.0.1:8080/v1", **more):
    """A file with these findings; `exchanges` by id."""
    notes, gaps = more.pop("notes", ()), more.pop("gaps", ())
    held = {each.id: each for each in exchanges}
    recorder = Recorder(rows)
    records = [one for each in findings for one in recorder.records(each, held.get(each.exchange))]
    curls = {one["exchange"]: one["curl"] for one in records if one.get("curl")}
    made = summary(*findings, rows=rows, curls=curls, **more)
    with ResultsWriter(path) as writer:
        writer.header(header(target=target, strict=more.get("strict", False)))
        for text in notes:
            writer.note(Note(text=text))
        for record in records:
            writer.write(record)
        for verdict in made.verdicts:
            writer.requirement(verdict)
        for gap in gaps:
            writer.gap(gap)
        writer.footer(footer(made, COST, exit_code(made)))
    return path


def clean(path, **more):
    findings = [passed(each.id, "packed", "x1") for each in ROWS if each.chapter != "events"]
    return write(path, findings, not_applicable=NO_STREAMS, **more)


def mixed(path, **more):
    findings = [
        passed("accept.minimal", "minimal", "x0"),
        failed("refuse.temperature.range", "t=2.01", "x1"),
        failed("refuse.temperature.range", "t=9", "x2"),
        failed("refuse.unknown-field", "an unknown field", "x1", actual="200"),
        stuck("error.envelope", "auth", "status 401"),
        stuck("accept.tools.twenty", "error.envelope", "blocked"),
        failed("stream.first-event", "a stream", "x3", where="event 1 /status"),
    ]
    return write(path, findings, [exchange("x1"), exchange("x2"), stream("x3")], **more)


def stream(name, count=12, data='{"status":"queued"}', event="thread.run.created"):
    found = tuple(Event(n, event, data, n * 10, n * 10 + 9, n / 100) for n in range(count))
    return exchange(name, response=Response(200, events=found))


def hostile(path):
    findings = [
        failed(
            "accept.minimal", HOSTILE, "x1", actual=HOSTILE, where=f"event 1 {HOSTILE}", expected=(HOSTILE,),
        ),
        stuck("error.envelope", HOSTILE, HOSTILE),
        failed("refuse.unknown-field", HOSTILE, "x2", actual=HOSTILE),
    ]
    body = HOSTILE.encode("utf-8", "surrogatepass")
    exchanges = [stream("x1", data=HOSTILE, event=HOSTILE), exchange("x2", body=body)]
    return write(path, findings, exchanges, target=f"http://{HOSTILE}/", notes=[HOSTILE])


def huge(path, count=120, cases=20):
    """Thousands of findings, each requirement broken, with a stream of a thousand events as evidence."""
    rows = register_of(*(row(f"{('accept', 'refuse', 'error', 'stream')[n % 4]}.r{n}") for n in range(count)))
    long = "{" + "x" * 3000 + "}"
    exchanges = [stream(f"x{n}", 1000, long) for n in range(count)]
    findings = [
        failed(each.id, f"case {m}", "" if m else f"x{n}", actual="y" * 1500, where="event 700")
        for n, each in enumerate(rows) for m in range(cases)
    ]
    return write(path, findings, exchanges, rows=rows)


def results(path):
    return read_results(path)
