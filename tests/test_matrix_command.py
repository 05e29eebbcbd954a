"""The command of the matrix: what it refuses, what it computes, and when it ends with 1."""

import pytest
from test_matrix_table import TABLE

from benchmarks.matrix import __main__ as command
from benchmarks.matrix import computing, gates, table


@pytest.fixture
def saved(tmp_path):
    table.save(TABLE, tmp_path / "t.jsonl")
    return tmp_path / "t.jsonl"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--only", "echo.no-such-fault"], "no fault is called 'echo.no-such-fault'; the closest is"),
        (["--table", "{damaged}"], "not a table of this format"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words, told, tmp_path, capsys):
    (tmp_path / "damaged.jsonl").write_text("{")
    given = [word.replace("{damaged}", str(tmp_path / "damaged.jsonl")) for word in words]
    assert command.main(given) == 2
    assert told in capsys.readouterr().err


def test_costs_are_printed_from_the_table_alone(saved, capsys):
    assert command.main(["--costs", "--table", str(saved)]) == 0
    said = capsys.readouterr().out
    assert "as the suite sends:" in said
    assert "again: 1 units" in said


@pytest.fixture
def computed(monkeypatch):
    """Stands for the processes: tells what was asked of it, and that everything was caught."""
    asked = []

    def way(kind):
        def rows(names, given, _workers):
            asked.append((kind, tuple(names)))
            for name in names:
                yield table.Row(name, given.keys[name], kind, given.meant[name], ("a.one",))

        return rows

    monkeypatch.setattr(computing, "whole", way("full"))
    monkeypatch.setattr(computing, "detected", way("narrow"))
    monkeypatch.setattr(command.variations, "flagged", lambda *_: 0)
    monkeypatch.setattr(gates, "judge", lambda rows, *_: [gates.Problem("g", "p")] * (len(rows) != 3))
    names = ("echo.one", "echo.two", "echo.three")
    monkeypatch.setattr(computing, "wanted", lambda *_: computing.Wanted(
        dict.fromkeys(names, ("a.one",)), dict.fromkeys(names, "e/o"),
    ))  # fmt: skip
    monkeypatch.setattr(computing, "forgotten", lambda known: known)
    return asked


def checked(rows, words=()):
    known = table.Table(
        rows={name: table.Row(name, key, "full", ("a.one",), ("a.one",)) for name, key in rows}
    )
    given = command.parser().parse_args(words)
    return command._checked(known, ("echo.one", "echo.two", "echo.three"), given, None)


FRESH = (("echo.one", "e/o"), ("echo.two", "e/o"))


def test_only_what_is_stale_is_computed(computed, capsys):
    assert checked([*FRESH, ("echo.three", "e/old")]) == 0
    assert computed == [("full", ("echo.three",))]
    assert "1 faults are stale; each is run wholly" in capsys.readouterr().out


def test_nothing_stale_computes_nothing(computed):
    assert checked([*FRESH, ("echo.three", "e/o")]) == 0
    assert computed == []


def test_too_much_that_is_stale_runs_to_its_detection_and_says_so(computed, monkeypatch, capsys):
    monkeypatch.setattr(command, "WHOLE", 1)
    assert checked([("echo.one", "e/o"), ("echo.two", "e/old"), ("echo.three", "e/old")]) == 0
    assert computed == [("narrow", ("echo.two", "echo.three"))]
    assert "from the committed table, in which 2 of 3 faults are stale" in capsys.readouterr().out


def test_a_gate_that_does_not_hold_is_exit_code_1(computed, capsys):
    assert checked([*FRESH, ("echo.three", "e/o"), ("echo.four", "e/o")]) == 1
    assert "g: p\ngates: 1 x g" in capsys.readouterr().out


def test_a_variation_that_is_flagged_is_exit_code_1(computed, monkeypatch, capsys):
    monkeypatch.setattr(command.variations, "flagged", lambda *_: 2)
    assert checked([*FRESH, ("echo.three", "e/o")]) == 1
    assert "20 random sets of benign variations (seed 0): 2 flagged" in capsys.readouterr().out
