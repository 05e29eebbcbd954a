"""What the documents say must work: commands parse, profiles load, ids and links lead somewhere."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from command import run

from runs_conformance import options
from runs_conformance.cli import main, parser
from runs_conformance.contract.capabilities import MEANING
from runs_conformance.contract.register import load
from runs_conformance.target import profile, reading

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "cassettes" / "README.md"])
README = (ROOT / "README.md").read_text("utf-8")
PROFILE = (ROOT / "docs" / "profile.md").read_text("utf-8")
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def blocks(language):
    """Page and text of each fenced block."""
    fence = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [(name, text) for name in NAMES for text in fence.findall((ROOT / name).read_text("utf-8"))]


def commands(program):
    """Words of each documented call of a program, pages as ids."""
    lines = [(page, line) for page, text in blocks("sh") for line in re.split(r"\n| && ", text)]
    calls = [(page, line, shlex.split(line, comments=True)) for page, line in lines]
    return [
        pytest.param(words[1:], id=f"{page}: {line}") for page, line, words in calls if words[:1] == [program]
    ]


def cells(text, heading):
    """The first column of the first table after a heading, without its backticks."""
    after = text.partition(heading)[2]
    table = after[after.index("| --- |") :].partition("\n\n")[0]
    return [line.split("|")[1].strip().strip("`") for line in table.splitlines()[1:]]


@pytest.mark.parametrize("words", commands("runs-conformance"))
def test_a_documented_call_is_understood(words, monkeypatch):
    monkeypatch.setenv("TENANT", "t")
    given = parser().parse_args(words)
    if words[0] == "check":
        profiles = [each for each in given.profile or () if not each.endswith(".toml")]
        values = {**vars(given), "profile": profiles, "results": None, "gaps": None, "update_gaps": False}
        options.choose(given.target, lambda name: values.get(name.removeprefix("--").replace("-", "_")))


@pytest.mark.parametrize(
    "words", [each for each in commands("runs-conformance") if each.values[0][0] == "list"]
)
def test_a_documented_list_finds_something(words, capsys):
    assert main(words) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("words", commands("pytest"))
def test_a_documented_pytest_call_has_options_that_exist(words):
    known = {options.in_pytest(option) for option in options.OPTIONS} | {"--target", "--pyargs", "--junitxml"}
    ours = {word for word in words if word.startswith("--")}
    assert ours <= known | {"--hypothesis-profile"} or "--hypothesis-profile=default" in ours


@pytest.mark.parametrize(("page", "text"), blocks("toml"))
def test_a_documented_profile_loads(page, text, tmp_path):
    (tmp_path / "profile.toml").write_text(text, "utf-8")
    assert reading.load(tmp_path / "profile.toml", environ={}) != profile.Profile(environ={})
    assert tomllib.loads(text)


@pytest.mark.parametrize("page", NAMES)
def test_a_documents_links_lead_somewhere(page):
    place = (ROOT / page).parent
    for link in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", (ROOT / page).read_text("utf-8")):
        assert not link or link.startswith("https://") or (place / link).exists(), link


@pytest.mark.parametrize("page", NAMES)
def test_a_document_names_only_rows_there_are(page):
    rows = load()
    prefixes = tuple({f"{row.id.split('.')[0]}." for row in rows})
    for name in re.findall(r"`([a-z]+\.[a-z0-9.-]+)`", (ROOT / page).read_text("utf-8")):
        assert not name.startswith(prefixes) or name in rows


def test_the_register_is_as_large_as_the_readme_says():
    assert re.search(r"has (\d+) requirements", README)[1] == str(len(load()))


def test_the_profile_reference_has_every_setting():
    assert cells(PROFILE, "# Profile reference") == list(dict.fromkeys(cells(PROFILE, "# Profile reference")))
    assert set(cells(PROFILE, "# Profile reference")) == set(reading._readers({}))
    assert set(cells(PROFILE, "## Resources")) == set(reading.RESOURCES)
    assert cells(PROFILE, "## Capabilities") == list(MEANING)


def test_the_profile_reference_has_the_defaults():
    shown = dict(re.findall(r"^\| `(\w+\.\w+)` \| ([\d.]+) \|", PROFILE, re.MULTILINE))
    plain = profile.Profile()
    real = {
        f"{table}.{name}": getattr(getattr(plain, table), name)
        for table in ("timeouts", "limits", "throttle", "polling")
        for name in getattr(plain, table).__slots__
    }
    assert {name: float(text) for name, text in shown.items()} == real


def test_the_options_name_the_defaults_that_hold():
    plain = profile.Profile()
    said = {option.name: option.help for option in options.OPTIONS}
    assert f"(default {plain.key_env})" in said["--key-env"]
    assert f"(default {plain.model})" in said["--model"]
    assert f"(default {plain.timeouts.exchange:g})" in said["--timeout"]


def test_the_two_commands_of_the_readme_stand_there():
    assert "pip install . && runs-conformance check\n" in README
    assert "pip install tox && tox\n" in README


def test_the_app_of_the_readme_can_be_judged(tmp_path):
    """A documented form, with a module that serves the reference target."""
    (tmp_path / "my_server").mkdir()
    (tmp_path / "my_server" / "main.py").write_text(
        "from runs_conformance.reference.app import create_app\n"
        "from runs_conformance.reference.options import ReferenceOptions\n"
        "app = create_app(ReferenceOptions())\n"
    )
    done = run("check", "app:my_server.main:app/v1", "--select", "accept.create-run.minimal", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", NAMES)
def test_a_document_names_no_place_of_one_machine(page):
    assert not re.search(r"/(home|root|work|tmp|Users)/", (ROOT / page).read_text("utf-8"))


def test_the_profile_reference_names_the_ready_profiles():
    assert all(f"`{name}`" in PROFILE for name in options.ready_profiles())
