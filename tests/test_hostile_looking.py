"""The battery's own eyes: each kind of trouble is seen, and what is sound is not."""

import base64

import pytest
import result_files
from hostile import looking, recordings, texts
from hostile.catalogue import SERVERS
from hostile.servers import KEY

from runs_conformance.report.results import read_results


@pytest.mark.parametrize(
    "text",
    [
        KEY, f"x{KEY}x", "".join(f"\\u{ord(one):04x}" for one in KEY),
        "".join(f"\\\\u{ord(one):04X}" for one in KEY),
        "".join(f"%{ord(one):02x}" for one in KEY), "".join(f"&#{ord(one)};" for one in KEY),
        base64.b64encode(f"Bearer {KEY}".encode()).decode(),
    ],
)  # fmt: skip
def test_a_key_is_seen_in_every_spelling(text):
    assert looking.leaks(text)
    assert not looking.leaks(text.replace(text[5:9], "...."))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Traceback (most recent call last):", "crash"),
        ("\x1b[2J", "markup"),
        ("\u202e", "markup"),
        ("\x9b", "markup"),
        (f"Bearer {KEY}", "leak"),
    ],
)
def test_what_a_person_must_not_read_is_seen(text, kind):
    assert [trouble.partition(":")[0] for trouble in looking.said(f"fine {text}", "it")] == [kind]
    assert not list(looking.said("fine \\x1b[2J é 😀", "it"))


@pytest.mark.parametrize(
    ("view", "text"),
    [
        ("html", "<img src=x>"),
        ("html", "<p onclick=x>"),
        ("html", "<a href='javascript:x'>"),
        ("html", "<script>alert(667)</script>"),
        ("junit", "<a>"),
        ("junit", "<testsuites><b/></testsuites>"),
        ("markdown", "<script>"),
        ("markdown", "[a](http://x)"),
        ("annotations", "::set-output name=x::y"),
        ("json", "[NaN]"),
    ],
)
def test_what_a_view_must_not_hold_is_seen(view, text):
    assert list(looking._SAFE[view](text))


def test_sound_and_hostile_results_are_both_fine(tmp_path):
    for made in (result_files.clean, result_files.mixed, result_files.hostile):
        assert not list(looking.views(read_results(made(tmp_path / "r"))))


def test_the_battery_is_large_and_its_cases_have_names_of_their_own():
    names = [one.name for one in (*SERVERS, *recordings.TRAPS)]
    assert len(names) == len(set(names))
    assert len(SERVERS) >= 200
    families = {name.partition(":")[0] for name in names}
    assert len(families) >= 17
    assert {one.family for one in texts.SERVERS} <= families
