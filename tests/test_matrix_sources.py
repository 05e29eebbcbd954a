"""What a row of the matrix rests on: which changes make it stale, and which do not."""

import ast
import shutil

import pytest

from benchmarks.matrix import sources
from runs_conformance.reference.faults import CATALOGUE

NAMED = "echo.temperature-ignored"
IN_A_TABLE = "stream-order.run-created-missing"
NEXT = "\n\n\n@echo(settings, SAMPLING"
DERIVED = "bounds.run:temperature:maximum-wide"


def own(name):
    return sources._hash(sources.own(CATALOGUE[name]))


def forget():
    for cached in (sources._tree, sources._derived, sources._modules, sources.engine):
        cached.cache_clear()


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """Replaces text in a copy of the catalogue's modules."""
    shutil.copytree(sources.FAULTS, tmp_path / "faults")
    monkeypatch.setattr(sources, "FAULTS", tmp_path / "faults")
    forget()

    def edit(module, before, after):
        path = tmp_path / "faults" / f"{module}.py"
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after), "utf-8")
        forget()

    yield edit
    forget()


def test_what_is_written_knows_no_comment_layout_or_docstring():
    one = 'def f(a):\n    """Says."""\n    # why\n    return {"x": a,\n            "y": f"{a:>{3}}"}'
    other = 'def f(a): return {"x": a, "y": f"{a:>{3}}"}'
    assert sources.written(ast.parse(one)) == sources.written(ast.parse(other))
    assert sources.written(ast.parse(one)) != sources.written(ast.parse(other.replace("3", "4")))


@pytest.mark.parametrize(
    ("module", "before", "after", "stale"),
    [
        ("echo", f"temperature=1.0){NEXT}", f"temperature=0.9){NEXT}", {NAMED}),
        ("echo", '"""Every run has temperature 1."""', '"""All runs have it."""', set()),
        ("echo", 'SAMPLING = "response.default.temperature"', 'SAMPLING = "response.default.top-p"', {NAMED}),
        ("stream_order", '_left_out("thread.run.created")', '_left_out("thread.run.queued")', {IN_A_TABLE}),
        ("stream_order", '_twice("thread.run.created")', '_twice("thread.run.queued")', set()),
        ("stream_order", "named(name)(lambda _event: None)", "named(name)(lambda _event: [])", {IN_A_TABLE}),
        ("derived", "COERCED: Final", "OTHERS: Final", {DERIVED}),
        ("points", 'return around("settings")(wrap)', 'return around("move")(wrap)', {NAMED}),
    ],
)  # fmt: skip
def test_a_change_reaches_the_faults_that_use_it(edited, module, before, after, stale):
    names = (NAMED, IN_A_TABLE, DERIVED)
    keys = {name: own(name) for name in names}
    edited(module, before, after)
    assert {name for name in names if own(name) != keys[name]} == stale


@pytest.mark.parametrize(
    ("document", "other", "same"),
    [
        ({"maximum": 2, "description": "Some."}, {"maximum": 2, "description": "Other."}, True),
        ({"maximum": 2}, {"maximum": 3}, False),
        ({"properties": {"title": {"type": "string"}}}, {"properties": {"title": {"type": "null"}}}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False),
    ],
)
def test_a_schemas_prose_changes_nothing(document, other, same):
    assert (repr(sources._bare(document)) == repr(sources._bare(other))) is same


def test_the_engine_has_all_that_sends_judges_and_answers():
    trees = {path.as_posix() for path in sources.engine_files()}
    for part in (
        "contract/checks/order.py",
        "stimuli/inside.py",
        "reference/app.py",
        "suites/test_echo.py",
        "scenes.py",
    ):
        assert any(path.endswith(part) for path in trees), part
    for part in (
        "cli.py",
        "runs_conformance/options.py",
        "terminal.py",
        "faults/echo.py",
        "variations/wire.py",
    ):
        assert not any(path.endswith(part) for path in trees), part


def test_a_key_has_both_parts_and_the_meant_rows():
    key = sources.key(CATALOGUE[NAMED], ("a",))
    assert key.partition("/")[0] == sources.engine()
    assert key != sources.key(CATALOGUE[NAMED], ("b",))
