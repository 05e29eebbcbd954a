"""Running the command as a person does: a process of its own, its output kept."""

import os
import subprocess
import sys

SECRET = "sk-the-secret-of-this-test"
# What a surrounding test run, tox or a terminal may have set.
_OURS = ("PYTEST_", "OPENAI_", "NO_COLOR", "FORCE_COLOR", "COV_")


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, "COLUMNS": "100", **more}


def run(*words, cwd=None, program=(sys.executable, "-m", "runs_conformance"), **variables):
    """A finished process; whatever it was given, no traceback and no secret is in what it says."""
    command = [*program, *map(str, words)]
    done = subprocess.run(
        command, cwd=cwd, env=environment(**variables), stdin=subprocess.DEVNULL, timeout=120,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done


def flat(text):
    """Without line breaks: where a sentence is wrapped depends on the width."""
    return " ".join(text.split())
