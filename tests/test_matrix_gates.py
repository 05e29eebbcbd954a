"""The gates of the matrix, each with rows that hold it and rows that don't."""

import pytest

from benchmarks.matrix import computing, gates, page, table
from benchmarks.matrix.gates import Companion, Expected
from benchmarks.matrix.table import FULL, NARROW, Row
from runs_conformance.contract.register import Requirement, load

NOTHING = Expected()


def row(fault="echo.some", meant=("a.one",), failed=(), how=FULL, **more):
    return Row(fault, "e/o", how, tuple(meant), tuple(failed), **more)


def register(**levels):
    return [Requirement(name, level, "", "", "", "") for name, level in levels.items()]


def texts(problems):
    return [one.text for one in problems]


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (row(failed=["a.one", "a.two"]), "caught"),
        (row(meant=["a.*"], failed=["a.two"]), "caught"),
        (row(failed=[], warned=("a.one",)), "caught"),
        (row(failed=["a.two"]), "other"),
        (row(untestable=("a.one",)), "caught"),
        (row(untestable=("b.two",)), "blocked"),
        (row(), "missed"),
        (row(failed=["a.one"], error="the process ended with -9"), "error"),
    ],
)
def test_a_rows_verdict(given, verdict):
    assert given.verdict == verdict


def test_a_fault_that_nothing_notices_is_named_with_what_to_do():
    (text,) = texts(gates.every_fault_is_caught([row(), row("echo.other", failed=["a.one"])]))
    assert text.startswith("echo.some: nothing noticed it: mend a check or a stimulus. Meant: a.one.")


def test_a_broken_check_is_told_with_its_end():
    (text,) = texts(gates.every_fault_is_caught([row(error="no end within 180 s")]))
    assert "mend that first" in text
    assert "no end within 180 s" in text


def test_a_fault_that_only_others_notice():
    (text,) = texts(gates.by_what_is_meant([row(failed=["a.two"]), row(failed=["a.one"])]))
    assert text.startswith("echo.some: noticed by a.two only, not by a.one")


def test_a_stranger_is_named_unless_it_is_a_companion():
    rows = [row(failed=["a.one", "b.two"])]
    (text,) = texts(gates.no_strangers(rows, NOTHING))
    assert "also trips b.two" in text
    allowed = Expected((Companion(("echo.*",), ("b.*",), "the same"),))
    assert not list(gates.no_strangers(rows, allowed))


def test_a_companion_that_nothing_needs_goes():
    given = Expected((Companion(("echo.*",), ("c.*",), "once so"),))
    (text,) = texts(gates.companions_are_needed([row(failed=["a.one", "b.two"])], given))
    assert text.endswith("which no fault needs: remove it")


def test_rows_of_the_register_are_tripped_or_excused():
    rows, given = [row(failed=["a"])], Expected(untripped={"b": "needs a 429"})
    asked = register(a="MUST", b="SHOULD", c="SHOULD", d="MAY")
    (text,) = texts(gates.every_row_is_tripped(rows, asked, given))
    assert text.startswith("c: no fault trips it")


def test_an_excuse_that_no_longer_holds_goes():
    (text,) = texts(
        gates.every_row_is_tripped([row(failed=["a"])], register(a="MUST"), Expected(untripped={"a": "why"}))
    )
    assert text.endswith("but it is so now: remove the entry")


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        ([row(failed=["a"])], True),
        ([row(failed=["a", "b"])], False),
        ([row(failed=["a"], warned=("c",))], False),
        ([row(failed=["a"], how=NARROW)], False),
    ],
)
def test_a_must_has_a_fault_of_its_own(rows, held):
    problems = list(gates.every_must_is_alone(rows, register(a="MUST", c="SHOULD"), NOTHING))
    assert (not problems) is held


def test_what_is_expected_names_rows_there_are():
    names = [one.id for one in load()]
    given = gates.expected()
    patterns = [pattern for each in given.companions for pattern in each.rows]
    assert not [each for each in patterns if not any(gates.fits(name, [each]) for name in names)]
    assert {*given.untripped, *given.never_alone} <= {*names}
    assert all(len(each.reason) > 15 for each in given.companions)


def test_an_unfinished_table_says_so_instead_of_blaming_rows():
    problems = gates.judge([], table.Table(), load(), NOTHING)
    assert [one.gate for one in problems] == ["whole"]
    assert problems[0].text.endswith("tox -e matrix-update")


def test_the_committed_table_holds_its_gates():
    known = table.load()
    known = computing.forgotten(known)
    problems = gates.judge(list(known.rows.values()), known, load(), gates.expected())
    assert not texts([one for one in problems if one.fails])


def test_the_page_is_the_one_of_the_committed_table():
    known = table.load()
    advice = "run: python -m benchmarks.matrix --page"
    assert page.PLACE.read_text("utf-8") == page.written(known, gates.expected(), load()), advice
    assert page.LIST.read_text("utf-8") == page.listed(known), advice
