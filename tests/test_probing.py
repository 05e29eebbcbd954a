"""Probing: what it drafts for a sound target and for each lack that the reference target can have."""

import socket
import tomllib

import pytest
from command import SECRET, run

from runs_conformance.contract.capabilities import MEANING
from runs_conformance.options import choose, ready_profiles
from runs_conformance.paths import PROFILES
from runs_conformance.probing import Probe
from runs_conformance.reference import variations
from runs_conformance.reference.options import ReferenceOptions
from runs_conformance.reference.server import running
from runs_conformance.session import IMPLIED, session
from runs_conformance.target import reading

ROOT = PROFILES.parent
# What no request can tell from a target that offers it: it needs a file's id, or time to pass.
UNASKED = {"files", "expiry"}
LAX = {"refusals", "refusals.unknown-fields", "refusals.bounds", "auth", "beta-header"}
GIVEN = {"assistants.create", "threads"}
ABSENCES = {each.name: each for each in variations.every() if each.group == "absent"}


def answers(options=None, **values):
    with running(options or ReferenceOptions()) as url:
        chosen = choose(url, lambda name: values.get(name.removeprefix("--").replace("-", "_")))
        with session(chosen) as live:
            found = Probe(live).answers()
            return {each.capability: each for each in found}, live.client.runs_started


def test_a_sound_target_lacks_nothing():
    found, runs = answers()
    assert list(found) == list(MEANING)
    assert {name for name, each in found.items() if each.state != "offered"} == UNASKED
    assert runs <= 10


def declared(variation):
    absent = variation.profile.get("absent", ())
    return set(absent)


@pytest.mark.parametrize("name", sorted(name for name in ABSENCES if not declared(ABSENCES[name]) & UNASKED))
def test_what_is_lacking_is_found_and_nothing_else(name):
    variation = ABSENCES[name]
    (lack,) = declared(variation)
    given = {key: [value] if key == "resources" else value for key, value in variation.profile.items()}
    more = {"assistant": given.get("assistant_id"), "thread": given.get("thread_id")}
    more["absent"] = [lack] if lack in GIVEN else None
    found, _ = answers(variations.options_for([name], ReferenceOptions()), **more)
    assert found[lack].state == ("lax" if lack in LAX else "absent")
    others = {each for each, one in found.items() if one.state == "absent"} - {lack, *IMPLIED.get(lack, ())}
    assert not others, [found[each] for each in others]


def test_without_an_assistant_the_draft_says_what_to_give():
    name = next(each for each in ABSENCES if declared(ABSENCES[each]) == {"assistants.create"})
    found, runs = answers(variations.options_for([name], ReferenceOptions()))
    assert found["assistants.create"].state == "absent"
    assert "--assistant ID" in found["create-run"].reason
    assert runs == 0


def test_a_budget_ends_a_probe_with_what_is_known():
    found, runs = answers(max_runs="2")
    assert found["create-run"].state == "offered"
    assert found["refusals"].state == "unknown"
    assert runs <= 4


@pytest.fixture(scope="module")
def url():
    with running() as found:
        yield found


def test_a_draft_is_a_profile_and_judges(url, tmp_path):
    file = tmp_path / "profile.toml"
    assert run("probe", url, "--output", file).returncode == 0
    profile = reading.load(file, environ={})
    assert profile.base_url == url
    assert not profile.absent
    assert "# streams: createRun answered status 200, text/event-stream" in file.read_text()
    assert run("check", "--profile", file, "--select", "accept.create-run.minimal").returncode == 0


def test_no_secret_is_in_a_draft(url):
    done = run(
        "probe", url, "--header", f"X-Secret: {SECRET}", "--header", "X-Tenant: ${TENANT}", "--query",
        f"sig={SECRET}", "--query", "api-version=v1",
        TENANT="acme-secret-tenant", OPENAI_API_KEY=f"{SECRET}-key",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = tomllib.loads(done.stdout)
    assert made["headers"] == {"X-Secret": "${X_SECRET}", "X-Tenant": "${TENANT}"}
    assert made["query"] == {"sig": "${SIG}", "api-version": "v1"}
    assert "acme-secret-tenant" not in done.stdout + done.stderr


def test_a_lack_of_refusals_stays_a_failure(tmp_path):
    """What must be refused and is not stands as a comment: declaring it away is the reader's decision."""
    name = next(each for each in ABSENCES if declared(ABSENCES[each]) == {"refusals.bounds"})
    with running(variations.options_for([name], ReferenceOptions())) as url:
        text = run("probe", url).stdout
    assert "absent" not in tomllib.loads(text) or not tomllib.loads(text)["absent"]
    line = next(each for each in text.splitlines() if each.startswith('# "refusals.bounds" = '))
    (tmp_path / "p.toml").write_text(f"[absent]\n{line.removeprefix('# ')}\n")
    assert set(reading.load(tmp_path / "p.toml", environ={}).absent) == {"refusals.bounds"}


def test_a_target_that_is_not_there_gets_a_sentence():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        done = run("probe", f"http://127.0.0.1:{held.getsockname()[1]}/v1")
    assert done.returncode == 2
    assert "is the target running" in done.stderr


# Ready profiles.


@pytest.mark.parametrize("name", ready_profiles())
def test_a_ready_profile_loads_by_its_name(name):
    chosen = choose("http://127.0.0.1:1/v1", lambda option: [name] if option == "--profile" else None)
    assert chosen.profile_name == f"{name}.toml"
    assert (PROFILES / f"{name}.toml").read_text("utf-8").startswith("# ")


@pytest.fixture(autouse=True)
def upstream(monkeypatch):
    monkeypatch.setenv("PORTKEY_UPSTREAM", "http://127.0.0.1:1/v1")


def test_an_unknown_profile_names_the_closest():
    done = run("check", "--profile", "azure-opanai")
    assert done.returncode == 2
    assert 'did you mean "azure-openai"?' in done.stderr


@pytest.mark.parametrize(("ready", "target"), [("litellm", "litellm"), ("prism", "prism")])
def test_ready_profiles_declare_what_the_judged_targets_declare(ready, target):
    made = tomllib.loads((PROFILES / f"{ready}.toml").read_text("utf-8"))
    judged = tomllib.loads((ROOT / "targets" / target / "profile.toml").read_text("utf-8"))
    assert made.get("absent") == judged.get("absent")


def test_an_azure_shaped_server_is_judged_by_its_profile():
    """/openai as base, api-version in the query, the key in api-key, no beta header."""
    names = [each.name for each in variations.every() if each.profile.get("auth_header") == "api-key"]
    names.append(next(each.name for each in variations.every() if each.group == "beta"))
    options = variations.options_for(names, ReferenceOptions(base_path="/openai"))
    with running(options) as url:
        words = ("--profile", "azure-openai", "--profile", "smoke")
        few = ("--select", "accept.create-run,errors,headers")
        done = run("check", url, *words, *few, AZURE_OPENAI_API_KEY="key-of-this-test")
    assert url.endswith("/openai")
    assert done.returncode == 0, done.stdout
