"""Record the kept cassettes anew: the embedded target, and the third-party servers that are kept.

    python targets/record.py [NAME ...]

Needed when the suites ask something else than before. What each folder held is replaced once its new
recording is whole. Exit code 0: all were recorded; 2: one could not be.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import recipes

ROOT = recipes.HERE.parent
CASSETTES = ROOT / "cassettes"
SERVERS = {
    "embedded": "",
    "litellm": "LiteLLM proxy {version} before the reference target, as targets/litellm starts it",
    "openai_responses": "openai-responses {version} (a Python mock), as targets/openai_responses starts it",
    "portkey": "Portkey gateway {version} before the reference target, as targets/portkey starts it",
}


def record(name: str, folder: Path) -> list[str]:
    """The words of the command that records a server into a folder."""
    options = ["--profile=smoke", f"--record={folder}"]
    if name == "embedded":
        return [sys.executable, "-m", "runs_conformance", "check", *options]
    passed = [f"--check-argument={option}" for option in options]
    return [sys.executable, str(recipes.HERE / "run.py"), name, *passed]


def describe(name: str, folder: Path) -> None:
    """Say in the provenance which server it is and how it was recorded, for people."""
    file = folder / "recording.toml"
    text = file.read_text("utf-8")
    if SERVERS[name]:
        what = SERVERS[name].format(version=recipes.load(name).version)
        text = re.sub(r"^what = .*$", f'what = "{what}"', text, flags=re.MULTILINE)
    text = re.sub(r"^how = .*$", f'how = "python targets/record.py {name}"', text, flags=re.MULTILINE)
    file.write_text(text, "utf-8")


def main(names: list[str]) -> int:
    if unknown := set(names) - SERVERS.keys():
        print(f"no such cassette: {', '.join(sorted(unknown))}; there are {', '.join(SERVERS)}")
        return 2
    failed = []
    for name in names or SERVERS:
        with tempfile.TemporaryDirectory() as place:
            made = Path(place) / name
            subprocess.run(record(name, made), cwd=ROOT, check=False)
            if not (made / "recording.toml").is_file():
                failed.append(name)
                continue
            describe(name, made)
            shutil.rmtree(CASSETTES / name, ignore_errors=True)
            shutil.copytree(made, CASSETTES / name)
    print(f"could not be recorded: {', '.join(failed)}" if failed else "all recorded")
    return 2 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
