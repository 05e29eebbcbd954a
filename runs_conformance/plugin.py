"""The pytest plugin.

Options, the session with the target, one bench a test, and findings on their way to the report.

It stays out of the way of other test suites: nothing but the options happens until a test marked
`requirement` is collected. With xdist each worker talks to the target; findings travel to the controller as
plain records.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from runs_conformance.contract.findings import Finding
    from runs_conformance.live import Bench, Live
    from runs_conformance.options import Chosen
    from runs_conformance.session import Verdicts
    from runs_conformance.watching import Watch

CHOSEN: Final = pytest.StashKey["Chosen"]()
VERDICTS: Final = pytest.StashKey["Verdicts"]()
# Set by `check`: show the plan and the progress.
SHOWN: Final = pytest.StashKey[bool]()
WATCH: Final = pytest.StashKey["Watch"]()
# The file of the suites that sends what a client sends.
CLIENTS: Final = "test_clients.py"
BENCH: Final = pytest.StashKey["Bench"]()
_RECORDS: Final = "conformance_records"
_COST: Final = "conformance_cost"
FATAL: Final = "conformance_fatal"
# On a report: the test itself broke, which says nothing about the target.
ERROR: Final = "conformance_error"


def pytest_addoption(parser: pytest.Parser) -> None:
    from runs_conformance.options import OPTIONS, dest, in_pytest  # noqa: PLC0415 - other suites don't pay for ours

    group = parser.getgroup("runs-conformance", "contract of creating runs (runs-conformance)")
    group.addoption(
        "--target", dest="conformance_target", metavar="TARGET",
        help="embedded (default), a URL, or app:module:attribute",
    )
    for option in OPTIONS:
        group.addoption(
            in_pytest(option), dest=dest(option), help=option.help, default=None, **option.arguments,
        )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(*ids): the rows of the register that a test is about")
    config.addinivalue_line("markers", "cost(requests, runs): what a test sends to a target, about")
    config.addinivalue_line(
        "markers", "runs_conformance(edition, base_url, select, strict): judge what vcrpy plays in a test",
    )


    tape = config.getoption("conformance_record") or config.getoption("conformance_replay")
    if tape and (is_worker(config) or config.getoption("numprocesses", None)):
        raise pytest.UsageError("--record and --replay take one process: the order of the calls is kept")


def chosen(config: pytest.Config) -> Chosen:
    """The options of this run, read once; pytest's usage error for what can't be used."""
    from runs_conformance.options import OPTIONS, UsageError, choose, dest  # noqa: PLC0415

    if CHOSEN not in config.stash:
        names = {option.name: dest(option) for option in OPTIONS}
        try:
            config.stash[CHOSEN] = choose(
                config.getoption("conformance_target"), lambda name: config.getoption(names[name]),
            )
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[CHOSEN]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `--as` only what that client sends; without it nothing of it."""
    from runs_conformance.paths import SUITES  # noqa: PLC0415

    if collection_path.parent != SUITES or not collection_path.name.startswith("test_"):
        return None
    return True if (collection_path.name == CLIENTS) != bool(config.getoption("conformance_as")) else None


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A filter stops requests, not only output: tests about nothing selected are deselected."""
    ours = [item for item in items if item.get_closest_marker("requirement")]
    if not ours:
        return
    options = chosen(config)
    wanted = _wanted(options)
    gone = {id(item) for item in ours if wanted.isdisjoint(rows_of(item))}
    if gone:
        config.hook.pytest_deselected(items=[item for item in items if id(item) in gone])
        items[:] = [item for item in items if id(item) not in gone]
    _in_order(items)
    if not is_worker(config):
        config.stash[VERDICTS] = _verdicts(config, options, [item for item in ours if id(item) not in gone])


def _in_order(items: list[pytest.Item]) -> None:
    """Our tests, what finds most a request first; tests of others keep their places."""
    from runs_conformance.suite import place  # noqa: PLC0415

    ours = iter(sorted((item for item in items if item.get_closest_marker("requirement")), key=place))
    items[:] = [next(ours) if item.get_closest_marker("requirement") else item for item in items]


def _wanted(options: Chosen) -> set[str]:
    from runs_conformance.session import lacking  # noqa: PLC0415

    rows = (row for row in options.register if row.applies(options.profile.edition))
    lacks = lacking(options)
    return {
        row.id
        for row in rows if row.id not in lacks and (options.asked is None or row.id in options.asked)
    }


def _verdicts(config: pytest.Config, options: Chosen, items: list[pytest.Item]) -> Verdicts:
    from runs_conformance.session import Verdicts  # noqa: PLC0415

    costs = [mark.args for item in items if (mark := item.get_closest_marker("cost"))]
    planned = {
        "checks": len(items), "requests": sum(int(cost[0]) for cost in costs),
        "runs": sum(int(cost[1]) for cost in costs),
    }
    verdicts = Verdicts(options, planned, quiet=not config.stash.get(SHOWN, False))
    verdicts.start()
    return verdicts


def rows_of(item: pytest.Item) -> frozenset[str]:
    return frozenset(str(name) for mark in item.iter_markers("requirement") for name in mark.args)


@pytest.fixture(scope="session")
def live(request: pytest.FixtureRequest) -> Iterator[Live]:
    """The session with the target; started when the first test needs it."""
    from runs_conformance.session import session  # noqa: PLC0415

    with session(chosen(request.config)) as made:
        yield made


@pytest.fixture
def bench(request: pytest.FixtureRequest, live: Live) -> Bench:
    from runs_conformance.live import Bench  # noqa: PLC0415

    live.client.about = f"{request.path.name}::{request.node.name}"
    made = Bench(live, rows_of(request.node))
    request.node.stash[BENCH] = made
    return made


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Watch vcrpy from before the fixtures of a marked test: one of them opens the cassette."""
    if item.get_closest_marker("runs_conformance") is not None:
        from runs_conformance.watching import Watch  # noqa: PLC0415

        item.stash[WATCH] = Watch()
        item.stash[WATCH].start()
    return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    watch = item.stash.get(WATCH, None)
    if watch is not None:
        watch.stop()
    return (yield)


def _judge_cassettes(item: pytest.Item) -> None:
    watch: Watch | None = item.stash.get(WATCH, None)
    mark = item.get_closest_marker("runs_conformance")
    if watch is not None and mark is not None:
        from runs_conformance.watching import judge  # noqa: PLC0415

        wrong = judge(watch, **mark.kwargs)
        if wrong:
            pytest.fail(f"runs-conformance: {wrong}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Run the test, judge what was sent, and fail it if what it is about failed."""
    bench = pyfuncitem.stash.get(BENCH, None)
    result = yield
    if bench is not None:
        bench.close()
        broken = bench.broken()
        known = _known(pyfuncitem, broken)
        if known:
            pytest.xfail(known)
        if broken:
            pytest.fail(_told(broken), pytrace=False)
    _judge_cassettes(pyfuncitem)
    return result


def _known(item: pytest.Item, broken: list[Finding]) -> str:
    """Why all of this is known, if the gaps file covers it; else nothing."""
    options = chosen(item.config)
    if not broken or not options.gaps:
        return ""
    from runs_conformance.report.gaps import covering, living, today, told  # noqa: PLC0415

    gaps = [covering(living(options.gaps, today()), each) for each in broken]
    return "; ".join(dict.fromkeys(told(each) for each in gaps if each)) if all(gaps) else ""


def _told(broken: list[Finding]) -> str:
    lines: list[str] = []
    for finding in broken[:5]:
        accepted = " or ".join(finding.expected)
        place = f"{finding.requirement} {finding.case}: at {finding.where or 'the answer'}"
        lines.append(f"{place} expected {accepted}, saw {finding.actual}")
    return "\n".join(lines)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    report: Any = yield
    if item.get_closest_marker("requirement") is None:
        return report
    from runs_conformance.session import explain  # noqa: PLC0415

    bench = item.stash.get(BENCH, None)
    if call.excinfo is not None:
        told = explain(call.excinfo.value, rows_of(item), chosen(item.config).register)
        if told is not None and told[0] == "failed" and (known := _known(item, told[2])):
            report.wasxfail = known
            told = ("skipped", told[1], told[2])
        ends = pytest.fail.Exception | pytest.xfail.Exception
        if told is None and not isinstance(call.excinfo.value, ends):
            setattr(report, ERROR, True)
        ended = call.excinfo.value
        reason = getattr(ended, "sentence", "") if getattr(ended, "fatal", False) else ""
        setattr(report, FATAL, reason)
        if reason:
            item.session.shouldstop = reason
        if told is not None:
            report.outcome, report.longrepr, extra = told
            setattr(report, _RECORDS, _records(item, extra))
    if call.when == "call" and bench is not None:
        _close(bench, report)
        setattr(report, _RECORDS, getattr(report, _RECORDS, []) + _records(item, bench.findings))
        setattr(report, _COST, (bench.live.client.requests, bench.live.client.runs_started))
    return report


def _close(bench: Bench, report: Any) -> None:
    """Judge what a test that ended early had sent.

    A check that breaks over it is an error of ours, and told as one.
    """
    try:
        bench.close()
    except Exception as error:  # noqa: BLE001 - whatever a check raises
        setattr(report, ERROR, True)
        report.outcome, report.longrepr = "failed", f"a check broke: {type(error).__name__}: {error}"


def _records(item: pytest.Item, findings: list[Finding]) -> list[Any]:
    from runs_conformance.session import records  # noqa: PLC0415

    worker = getattr(item.config, "workerinput", {}).get("workerid", "")
    bench = item.stash.get(BENCH, None)
    return records(chosen(item.config), findings, bench, worker)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """On the controller (or the only process).

    Take what the report carries; with xdist nothing was collected here.
    """
    config: pytest.Config | None = _state.get("config")
    if config is None or is_worker(config) or not hasattr(report, _RECORDS):
        return
    if VERDICTS not in config.stash:
        config.stash[VERDICTS] = _verdicts(config, chosen(config), [])
    verdicts = config.stash[VERDICTS]
    if getattr(report, FATAL, ""):
        verdicts.stop(getattr(report, FATAL))
    worker = getattr(getattr(getattr(report, "node", None), "gateway", None), "id", "")
    verdicts.take(
        getattr(report, _RECORDS), getattr(report, _COST, None), worker, done=report.when == "call",
        what=report.nodeid,
    )


_state: dict[str, Any] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    _state["config"] = session.config


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    verdicts = session.config.stash.get(VERDICTS, None)
    _state.pop("config", None)
    if verdicts is None or session.config.option.collectonly:
        return
    code = verdicts.finish(interrupted=exitstatus == pytest.ExitCode.INTERRUPTED)
    if exitstatus == pytest.ExitCode.TESTS_FAILED and code == 0:
        return  # other tests of the same session failed
    if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = code


def pytest_report_header(config: pytest.Config) -> str | None:
    return (
        f"runs-conformance target: {config.getoption('conformance_target')}"
        if config.getoption("conformance_target")
        else None
    )


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    verdicts = config.stash.get(VERDICTS, None)
    if verdicts is not None and not is_worker(config):
        terminalreporter.write_line("")
        terminalreporter.write(verdicts.text(terminalreporter._tw.fullwidth, terminalreporter._tw.hasmarkup))  # noqa: SLF001
