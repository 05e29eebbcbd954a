"""The drivers that there are, their environments, and what their clients are known to get wrong."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runs_conformance.clients.dialects import Dialect, DialectError, load, read_file

FOLDER: Final = Path(__file__).parent / "drivers"
STAMP: Final = "installed.sha256"
INSTALL_SECONDS: Final = 900.0
_TOOLS: Final = {"python": (), "node": ("node", "npm"), "pwsh": ("pwsh",)}


class InstallError(RuntimeError):
    """An environment that could not be made; the text says where the log is."""


@dataclass(frozen=True)
class Driver:
    """A program that runs a client. `uses` maps its own uses to those of the client's dialect."""

    name: str
    program: Path
    runs_on: str
    pins: Path
    uses: tuple[tuple[str, str], ...]

    @property
    def dialect(self) -> Dialect:
        return load(self.name)

    @property
    def lacking(self) -> str:
        """What this machine lacks to run it at all, as a sentence part; "" for nothing."""
        absent = [tool for tool in _TOOLS[self.runs_on] if shutil.which(tool) is None]
        return f"{' and '.join(absent)} is not installed here" if absent else ""

    def command(self, home: Path) -> Sequence[str]:
        if self.runs_on == "python":
            return (str(_python(home)), str(self.program))
        if self.runs_on == "node":
            return ("node", str(self.program))
        return ("pwsh", "-NoProfile", "-NonInteractive", "-File", str(self.program))

    def environment(self, home: Path) -> dict[str, str]:
        """A home of its own, and no key or proxy of the user's shell."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        return kept | {
            "HOME": str(home), "NO_PROXY": "*", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(FOLDER),
            "PYTHONDONTWRITEBYTECODE": "1", "PSModulePath": str(home / "modules"),
        }


@dataclass(frozen=True)
class Known:
    """A fault of clients that has a source; `scenario` is a glob, `why` a regular expression."""

    clients: tuple[str, ...]
    uses: tuple[str, ...]
    scenario: str
    why: str
    source: str

    def fits(self, client: str, use: str, scenario: str, why: str) -> bool:
        return (
            client in self.clients and use in self.uses and fnmatch.fnmatchcase(scenario, self.scenario)
            and re.search(self.why, why) is not None
        )


def drivers(folder: Path = FOLDER) -> tuple[Driver, ...]:
    """All drivers, in the order of the file. DialectError for a file that can't be used."""
    raw = read_file(folder / "drivers.toml", "client_drivers")
    return tuple(
        Driver(
            name=name, program=folder / one["program"], runs_on=one["runs_on"], pins=folder / one["pins"],
            uses=tuple(one["uses"].items()),
        )
        for name, one in raw.items()
    )


def chosen(names: Sequence[str], folder: Path = FOLDER) -> tuple[Driver, ...]:
    """The drivers with these names or patterns, all for none; DialectError for one that fits nothing."""
    every = drivers(folder)
    for name in names:
        if not any(fnmatch.fnmatchcase(one.name, name) for one in every):
            there = ", ".join(one.name for one in every)
            raise DialectError(f"no driver is called {name!r}; there are: {there}")
    wanted = names or ["*"]
    return tuple(one for one in every if any(fnmatch.fnmatchcase(one.name, each) for each in wanted))


def known(folder: Path = FOLDER) -> tuple[Known, ...]:
    raw = read_file(folder / "known.toml", "client_known")
    return tuple(
        Known(tuple(one["clients"]), tuple(one["uses"]), one["scenario"], one["why"], one["source"])
        for one in raw.get("known", ())
    )


def is_installed(driver: Driver, home: Path) -> bool:
    stamp = home / STAMP
    there = driver.runs_on != "python" or _python(home).exists()
    return there and stamp.is_file() and stamp.read_text("utf-8") == fingerprint(driver)


def fingerprint(driver: Driver) -> str:
    """Of what is pinned, and of the interpreter that goes into a virtual environment."""
    digest = hashlib.sha256(sys.version.encode() if driver.runs_on == "python" else b"")
    files = sorted(driver.pins.iterdir()) if driver.pins.is_dir() else [driver.pins]
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def install(driver: Driver, home: Path) -> bool:
    """Make the driver's environment in `home` unless it is there and current; whether something was made."""
    if is_installed(driver, home):
        return False
    home.mkdir(parents=True, exist_ok=True)
    (home / STAMP).unlink(missing_ok=True)
    log = home / "install.log"
    with log.open("wb") as output:
        for command in _steps(driver, home):
            done = subprocess.run(  # noqa: S603 - the pinned manifests of this package
                command, cwd=home, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                timeout=INSTALL_SECONDS, check=False,
            )
            if done.returncode:
                raise InstallError(f"{driver.name} could not be installed; see {log}")
    (home / STAMP).write_text(fingerprint(driver), "utf-8")
    return True


def _steps(driver: Driver, home: Path) -> Iterator[Sequence[str]]:
    if driver.runs_on == "python":
        yield (sys.executable, "-m", "venv", "--clear", str(home / "venv"))
        pip = (str(_python(home)), "-m", "pip", "--disable-pip-version-check", "install", "--no-input")
        yield (*pip, "--no-deps", "-r", str(driver.pins))
    elif driver.runs_on == "node":
        for path in driver.pins.iterdir():
            shutil.copyfile(path, home / path.name)
        yield ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    else:
        module, _, version = driver.pins.read_text("utf-8").strip().partition("==")
        save = f"Save-Module -Name {module} -RequiredVersion {version} -Path '{home / 'modules'}' -Force"
        yield ("pwsh", "-NoProfile", "-NonInteractive", "-Command", save)


def _python(home: Path) -> Path:
    return home / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"


