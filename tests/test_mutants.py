"""The script for mutation testing: what it takes for a survivor, and what for explained."""

import re

import pytest

from benchmarks import mutants
from benchmarks.mutants import Reason

NAME = "runs_conformance.contract.checks.order.x__followed__mutmut_12"
DIFF = """# a name: survived
--- runs_conformance/contract/checks/order.py
+++ runs_conformance/contract/checks/order.py
@@ -1,5 +1,5 @@
 def _followed(view):
-    own = name == "a" and one == other
+    own = name == "a" or one == other
     if own:
"""
LIVED = mutants.mutant(NAME, DIFF)


def test_a_survivor_is_known_by_its_function_and_its_lines():
    assert LIVED.function == "order._followed"
    assert LIVED.gone == ('own = name == "a" and one == other',)
    assert LIVED.new == ('own = name == "a" or one == other',)


@pytest.mark.parametrize(
    ("reason", "left"),
    [
        (Reason("order._followed", '"a" or one', "no view has both"), 0),
        (Reason("order._followed", "another line", "why"), 1),
        (Reason("order._other", '"a" or one', "why"), 1),
    ],
)
def test_what_is_explained_is_no_survivor(reason, left):
    lines, open_ = mutants.told([LIVED], [reason])
    assert open_ == left
    assert lines[-1] == f"1 mutants lived, {1 - left} of them explained"
    assert (lines[0] == NAME) is bool(left)


def test_modules_have_their_tests():
    paths = mutants.modules(["order", "sse"])
    assert [path.name for path in paths] == ["order.py", "sse.py"]
    assert {"tests/test_checks_order.py", "tests/test_sse.py"} < set(mutants.tests(paths))


def test_an_unknown_module_is_told():
    with pytest.raises(SystemExit, match=r"no module of .* is called 'no_such'"):
        mutants.modules(["no_such"])


DECORATED = """FACTOR = 2


@twice
# why
@times(
    FACTOR, by=["a"],
)
def one(x: int) -> int:
    \"\"\"Says.\"\"\"
    return x + 1


class Kept:
    @property
    def name(self):
        return 1


def two(x):
    @twice
    def inner(y):
        return y
    return inner(x)
"""


def test_decorated_functions_are_decorated_after_they_are_defined():
    plain = mutants.undecorated(DECORATED)
    expected = (
        "    return x + 1\n\n\none = twice(times(FACTOR, by=['a'])(one))\n\n\nclass Kept:\n    @property"
    )
    assert plain.startswith("FACTOR = 2\n\n\ndef one(x: int) -> int:\n")
    assert expected in plain
    assert mutants.undecorated(plain) == plain
    assert plain.count("@twice") == 1


def test_decorated_in_either_way_a_function_does_the_same():
    def times(factor, by):
        return lambda function: lambda x: (by, factor * function(x))

    results = []
    for text in (DECORATED, mutants.undecorated(DECORATED)):
        names = {"twice": lambda function: lambda x: [function(x)] * 2, "times": times}
        exec(text, names)
        results.append((names["one"](3), names["two"](5)))
    assert results == [([(["a"], 8)] * 2, [5, 5])] * 2


def test_a_check_is_still_registered_in_the_copy(tmp_path, monkeypatch):
    [path] = mutants.modules(["locks"])
    monkeypatch.setattr(mutants, "COPIED", ("pyproject.toml",))
    (tmp_path / path).parent.mkdir(parents=True)
    mutants._copy(tmp_path, [path])
    text = (tmp_path / path).read_text("utf-8")
    assert "\n@on_" not in text
    assert re.search(r"^(\w+) = on_trace\(.*\)\(\1\)$", text, re.MULTILINE)


def test_what_is_explained_can_be_read_and_says_why():
    found = mutants.reasons(mutants.EXPLAINED.read_text("utf-8"))
    assert all(len(one.why) > 15 and one.new and "." in one.function for one in found)
