"""The order in which the suites send, and what `--profile smoke` leaves out."""

import re
from types import SimpleNamespace

from command import run

from runs_conformance import plugin
from runs_conformance.paths import SUITES
from runs_conformance.suite import ORDER


class Item(SimpleNamespace):
    def get_closest_marker(self, _):
        return self.ours or None


def item(name, *, ours=True):
    return Item(name=name, originalname=name.partition("[")[0], ours=ours)


def test_every_test_of_the_suites_has_its_place():
    written = [
        name
        for path in SUITES.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert sorted(ORDER) == sorted(written)


def test_ours_are_sorted_and_others_stay_where_they_are():
    items = [
        item("test_any_story"),
        item("test_of_the_user", ours=False),
        item("test_stream[b]"),
        item("test_stream[a]"),
    ]
    plugin._in_order(items)
    assert [one.name for one in items] == [
        "test_stream[b]",
        "test_of_the_user",
        "test_stream[a]",
        "test_any_story",
    ]


def collected(profile):
    done = run(
        "check",
        "embedded",
        "--profile",
        profile,
        "--select",
        "refuse.temperature.range,refuse.body.form",
        "--max-runs",
        "5",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return int(re.search(r"Plan: (\d+) checks", done.stderr)[1])


def test_smoke_sends_a_refusal_to_one_of_both_operations():
    assert collected("smoke") < collected("standard")
