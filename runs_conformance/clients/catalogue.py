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
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from runs_conformance.clients.dialects import Dialect, DialectError, load, names, read_file

FOLDER: Final = Path(__file__).parent / "drivers"
STAMP: Final = "installed.sha256"
INSTALL_SECONDS: Final = 900.0
_TOOLS: Final = {"python": (), "node": ("node", "npm"), "pwsh": ("pwsh",)}


class InstallError(RuntimeError):
    """An environment that could not be made; the text says where the log is."""


@dataclass(frozen=True)
class Driver:
    """A program that runs a client. `uses` maps its own uses to those of the client's dialect.

    `pins` is what is installed for it; None for a driver of the user's own, which `words` start in `folder`.
    """

    name: str
    program: Path
    runs_on: str
    pins: Path | None
    uses: tuple[tuple[str, str], ...]
    words: tuple[str, ...] = ()
    folder: Path = FOLDER

    @cached_property
    def dialect(self) -> Dialect | None:
        """None for a client that no dialect describes. Read once: each reading checks the whole file."""
        return load(self.name) if self.name in names() else None

    @property
    def title(self) -> str:
        return self.dialect.title if self.dialect else self.name

    @property
    def version(self) -> str:
        return self.dialect.version if self.dialect else ""

    @property
    def lacking(self) -> str:
        """What this machine lacks to run it at all, as a sentence part; "" for nothing."""
        tools = _TOOLS[self.runs_on] if self.pins else (self.words[0],)
        absent = [tool for tool in tools if shutil.which(tool, path=self._path) is None]
        return f"{' and '.join(absent)} is not installed here" if absent else ""

    @property
    def _path(self) -> str | None:
        """A program of the user's own may lie beside its drivers.toml."""
        return None if self.pins else f"{os.environ.get('PATH', '')}{os.pathsep}{self.folder}"

    def command(self, home: Path) -> Sequence[str]:
        if not self.pins:
            return (shutil.which(self.words[0], path=self._path) or self.words[0], *self.words[1:])
        if self.runs_on == "python":
            return (str(_python(home)), str(self.program))
        if self.runs_on == "node":
            return ("node", str(self.program))
        return ("pwsh", "-NoProfile", "-NonInteractive", "-File", str(self.program))

    def directory(self, home: Path) -> Path:
        """Where it is started."""
        return home if self.pins else self.folder

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


@dataclass(frozen=True)
class Sent:
    """A requirement that a client is known to break by what it sends."""

    client: str
    row: str
    source: str


def drivers(folder: Path = FOLDER) -> tuple[Driver, ...]:
    """All drivers, in the order of the file. DialectError for a file that can't be used."""
    raw = read_file(folder / "drivers.toml", "client_drivers")
    return tuple(_driver(name, one, folder.resolve()) for name, one in raw.items())


def _driver(name: str, one: dict[str, Any], folder: Path) -> Driver:
    uses = tuple(one["uses"].items())
    if "command" in one:
        return Driver(name, folder, "command", None, uses, tuple(one["command"]), folder)
    return Driver(
        name, folder / one["program"], one["runs_on"], folder / one["pins"], uses, folder=folder,
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
    return tuple(
        Known(tuple(one["clients"]), tuple(one["uses"]), one["scenario"], one["why"], one["source"])
        for one in _known(folder).get("known", ())
    )


def sent(folder: Path = FOLDER) -> tuple[Sent, ...]:
    """What clients are known to send in breach of the contract. The file may be missing, as of `known`."""
    return tuple(
        Sent(client, one["row"], one["source"])
        for one in _known(folder).get("sent", ()) for client in one["clients"]
    )


def _known(folder: Path) -> dict[str, Any]:
    path = folder / "known.toml"
    return read_file(path, "client_known") if path.exists() else {}


def is_installed(driver: Driver, home: Path) -> bool:
    if driver.pins is None:
        return True
    stamp = home / STAMP
    there = driver.runs_on != "python" or _python(home).exists()
    return there and stamp.is_file() and stamp.read_text("utf-8") == fingerprint(driver)


def fingerprint(driver: Driver) -> str:
    """Of what is pinned, and of the interpreter that goes into a virtual environment."""
    digest = hashlib.sha256(sys.version.encode() if driver.runs_on == "python" else b"")
    assert driver.pins is not None, "a driver of the user's own is not installed by us"
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
    assert driver.pins is not None
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


