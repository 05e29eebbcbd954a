"""The script for mutation testing: what it takes for a survivor, and what for explained."""

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


def test_what_is_explained_can_be_read_and_says_why():
    found = mutants.reasons(mutants.EXPLAINED.read_text("utf-8"))
    assert all(len(one.why) > 15 and one.new and "." in one.function for one in found)
