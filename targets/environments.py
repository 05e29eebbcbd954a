"""An environment of its own for each target, made again only when what it is made from has changed."""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from processes import LaunchError, finish
from recipes import Recipe

STAMP = "installed.sha256"
DEADLINE = 900.0  # seconds for one step of an installation


def missing_tool(recipe: Recipe) -> str:
    """A sentence if this machine lacks what the target needs to be installed, else nothing."""
    if recipe.manifest.name == "requirements.txt":
        return ""
    absent = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    return f"needs {' and '.join(absent)}, not installed here" if absent else ""


def fingerprint(recipe: Recipe) -> str:
    """Of the manifest, its lock, and the interpreter that would go into a virtual environment."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (recipe.manifest, recipe.folder / "package-lock.json"):
        digest.update(path.read_bytes() if path.is_file() else b"-")
    return digest.hexdigest()


def install(recipe: Recipe, home: Path) -> bool:
    """Make the environment in `home` unless it is there and current; whether something was installed."""
    stamp = home / STAMP
    wanted = fingerprint(recipe)
    if stamp.is_file() and stamp.read_text() == wanted:
        return False
    stamp.unlink(missing_ok=True)
    log = home / "install.log"
    for command in _commands(recipe, home):
        if finish(command, os.environ, home, log, DEADLINE) != 0:
            raise LaunchError(f"{recipe.name}: installation failed; see {log}")
    stamp.write_text(wanted)
    return True


def _commands(recipe: Recipe, home: Path) -> Iterator[Sequence[str]]:
    if recipe.manifest.name == "requirements.txt":
        yield (sys.executable, "-m", "venv", "--clear", str(home / "venv"))
        pip = (str(home / "venv/bin/python"), "-m", "pip", "--disable-pip-version-check", "install")
        yield (*pip, "--no-input", "-r", str(recipe.manifest))
    else:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(recipe.folder / name, home / name)
        yield ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
