"""Who may import whom: the rule of ARCHITECTURE.md, read from the sources."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "runs_conformance"
# Beside its own modules and `runs_conformance.paths`, a folder may import only these.
MAY_IMPORT = {
    "contract": (),
    "stimuli": ("contract",),
    "target": ("contract",),
    "recordings": ("contract", "report"),
    "report": ("contract",),
    "reference": ("contract.schemas",),
    "clients": ("contract", "recordings", "report", "stimuli", "target"),
    "openapi": ("contract",),
    "fuzzing": (
        "contract", "stimuli", "target", "report", "openapi", "live", "options", "packing", "session",
    ),
    "soaking": (
        "commands", "contract", "frozen", "live", "options", "recordings", "report", "session", "stimuli",
        "target",
        # only `serving`, the process that holds the embedded target
        "reference",
    ),
    "stories": ("contract", "stimuli", "live", "scenes"),
}
# What judges is pure: it knows neither pytest nor HTTP. What stands here is for others.
LIBRARIES = {
    "clients": {"httpx2", "hypothesis", "jsonschema", "uvicorn"},
    "contract": {"jsonschema", "jsonschema_rs", "referencing"},
    "stimuli": {"hypothesis"},
    "recordings": {"ijson", "vcr", "yaml"},
    "report": {"jinja2", "jsonschema_rs", "markupsafe", "tomlkit"},
    "reference": {"jsonschema", "referencing", "starlette", "uvicorn"},
    "target": {"a2wsgi", "httpx2", "uvicorn"},
    "soaking": {"gevent", "httpx2", "hypothesis", "locust"},
    "fuzzing": {"hypothesis", "jsonschema_rs", "redis", "requests", "schemathesis", "yaml"},
}
# `commands` is the command line in pieces: like cli.py it may import everything.
FOLDERS = sorted(
    path.name for path in PACKAGE.iterdir() if any(path.glob("*.py")) and path.name != "commands"
)


def imported(source):
    """Every imported module's full name, wherever the import stands; relative ones as `.name`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            named = node.module in ("runs_conformance", "runs_conformance.contract")
            yield from (f"{module}.{alias.name}" for alias in node.names) if named else (module,)


def breaches(folder, source):
    allowed = (folder, "paths", "__version__", *MAY_IMPORT[folder])
    for name in imported(source):
        if name.startswith("."):
            yield name
        elif name.partition(".")[0] == "runs_conformance":
            inner = name.removeprefix("runs_conformance").removeprefix(".")
            if not any(inner == each or inner.startswith(f"{each}.") for each in allowed):
                yield name
        elif name.partition(".")[0] not in (LIBRARIES.get(folder, set()) | sys.stdlib_module_names):
            yield name


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_only_what_it_may(folder):
    found = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in (PACKAGE / folder).rglob("*.py") if "drivers" not in path.parts
        for name in breaches(folder, path.read_text("utf-8"))
    }
    assert not found


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        ("contract", "from runs_conformance.target.client import Client"),
        ("contract", "from runs_conformance import live"),
        ("contract", "def later():\n    import httpx2"),
        ("contract", "import pytest"),
        ("report", "import runs_conformance.target.profile"),
        ("stimuli", "from ..target import client"),
        ("reference", "from runs_conformance.contract import model"),
        ("reference", "from runs_conformance.contract.schemas_of_others import x"),
    ],
)
def test_a_breach_is_seen(folder, source):
    assert len(list(breaches(folder, source))) == 1


def test_what_is_allowed_is_no_breach():
    lines = (
        "import json",
        "from runs_conformance.contract.schemas import walk",
        "from runs_conformance.paths import X",
    )
    assert not list(breaches("reference", "\n".join(lines)))


@pytest.mark.parametrize("words", [["--version"], ["list", "RQ-001"], ["check", "--select", "no-such-id"]])
def test_the_command_loads_nothing_that_it_does_not_need(words):
    script = (
        "import sys\nfrom runs_conformance.cli import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
        "print(sorted({'pytest', 'hypothesis', 'schemathesis', 'starlette', 'uvicorn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
