"""What is kept of the third-party servers' results, and the page made from it: offline."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from runs_conformance.contract.register import load as load_register
from runs_conformance.report.records import Outcome
from runs_conformance.report.results import read_results

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "targets"))

import kept
import page
import recipes
import run

NAMES = recipes.names()
BROKEN = (Outcome.FAILED, Outcome.WARNING, Outcome.UNTESTABLE)


def broken(name):
    return {row.id for row in kept.read(name).verdicts if row.outcome in BROKEN}


def altered(name, folder, **outcomes):
    """A copy of what is kept, with other outcomes for some requirements."""
    lines = [json.loads(line) for line in kept.file(name).read_text("utf-8").splitlines()]
    changed = [line | {"outcome": outcomes.get(line.get("id"), line.get("outcome"))} for line in lines]
    kinds = [new if new["kind"] == "requirement" else old for old, new in zip(lines, changed, strict=True)]
    file = folder / "results.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in kinds), "utf-8")
    return file


def test_the_page_agrees_with_what_is_kept():
    assert page.PAGE.read_text("utf-8") == page.page(), "run: python targets/page.py"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_of_the_pinned_version(name):
    results = kept.read(name)
    assert results.header.target == f"{name} {recipes.load(name).version}", "run: tox -e targets -- --update"
    assert (results.header.profile, results.header.selection) == ("profile.toml", ())
    assert {row.id for row in results.verdicts} <= set(load_register().rows)
    assert len(results.verdicts) > 300


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_has_its_cause(name):
    assert set(recipes.gaps(name)) == broken(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_known_deviation_is_found(name):
    known = recipes.deviations(name)
    assert known
    assert {row for each in known for row in each.found} <= broken(name)


def test_the_control_fails_and_the_best_gateway_nearly_passes():
    def share(name):
        return page.percent(page.matrix([(name, kept.read(name))]).totals[0])

    assert share(page.CONTROL) < 10
    assert share("portkey") > 95


@pytest.mark.parametrize("text", ["", "found = ['error.type']\nunseen = 'why'"])
def test_a_deviation_is_either_found_or_excused(text, tmp_path, monkeypatch):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "deviations.toml").write_text(f"[[deviation]]\nwhat = 'odd'\n{text}\n")
    monkeypatch.setattr(recipes, "HERE", tmp_path)
    with pytest.raises(recipes.RecipeError, match="either found or unseen"):
        recipes.deviations("t")


def test_equal_results_do_not_differ(tmp_path):
    assert kept.differs("portkey", altered("portkey", tmp_path), "portkey 1").changes == ()


@pytest.mark.parametrize(
    ("row", "outcome", "kind"),
    [("accept.unicode", "failed", "broken"), ("error.envelope", "passed", "fixed"),
     ("accept.unicode", "not-tested", "gone")],
)  # fmt: skip
def test_a_changed_verdict_is_seen(row, outcome, kind, tmp_path):
    found = kept.differs("portkey", altered("portkey", tmp_path, **{row: outcome}), "portkey 9.9.9")
    assert [(each.kind, each.id) for each in found.changes] == [(kind, row)]
    assert found.new.target == "portkey 9.9.9"


@pytest.mark.parametrize(("outcome", "count"), [("not-tested", 0), ("failed", 1)])
def test_a_row_that_varies_may_be_exercised_or_not_but_not_broken(outcome, count, tmp_path):
    found = kept.differs("portkey", altered("portkey", tmp_path, **{"accept.unicode": outcome}), "portkey 1")
    assert len(kept.counted(found, ("accept.unicode",))) == count
    assert len(kept.counted(found, ())) == 1


@pytest.mark.parametrize("name", NAMES)
def test_what_varies_are_requirements(name):
    assert set(recipes.load(name).varies) <= set(load_register().rows)


def test_what_is_kept_has_the_outcomes_and_no_evidence(tmp_path):
    source = altered("portkey", tmp_path)
    lines = source.read_text("utf-8").splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | {"evidence": {"curl": "curl -X POST"}, "statement": "A."})
    source.write_text("\n".join([*lines, ""]), "utf-8")
    text = kept.reduced(read_results(source), "portkey 9.9.9")
    assert "curl" not in text
    assert '"statement"' not in text
    assert '"target": "portkey 9.9.9"' in text
    assert text.count('"requirement"') == sum('"requirement"' in line for line in lines)


def test_a_stale_page_is_told_and_not_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    assert page.main(["--check"]) == 1
    assert "targets/page.py writes it" in capsys.readouterr().out
    assert not page.PAGE.exists()
    assert (page.main([]), page.main(["--check"])) == (0, 0)


def test_results_of_another_check_are_not_kept(capsys):
    with pytest.raises(SystemExit, match="2"):
        run.main(["prism", "--update", "--check-argument=--profile=smoke"])
    assert "leave --check-argument out" in capsys.readouterr().err


def test_a_thread_is_named_by_the_member_that_the_recipe_says():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = b'{"thread_id": "t1"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request).start()
        assert run.new_thread(f"http://127.0.0.1:{server.server_port}", "thread_id") == "t1"
