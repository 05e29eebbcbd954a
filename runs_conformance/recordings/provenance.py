"""Where a recording comes from: what was recorded, when, how, by which edition, and the verdict it must give.

One small TOML a folder, `recording.toml`. It also holds the settings that a replay needs to ask the same.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from runs_conformance.recordings.recorded import CassetteError

FILE: Final = "recording.toml"
FORMAT: Final = 1


@dataclass(frozen=True)
class Provenance:
    """What is written before the verdict is known.

    `target` and `base_url` are without secrets; `what` names the recorded server for people, with its
    version. `absent` maps capabilities to reasons; `resources` holds no secret, only variables' names.
    """

    target: str
    base_url: str
    what: str
    tool: str
    recorded_at: str
    edition: str
    effort: str
    how: str
    seed: int = 0
    selection: tuple[str, ...] = ()
    model: str = ""
    other_model: str = ""
    assistant_id: str = ""
    thread_id: str = ""
    auth_header: str = "bearer"
    second_key: bool = False
    max_runs: int = 0
    poll: float = 0.0
    requests: int = 0
    runs: int = 0
    seconds: float = 0.0
    absent: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """The verdict of the run that was recorded: its exit code, and the rows by what became of them."""

    exit_code: int
    failed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    untestable: tuple[str, ...] = ()
    passed: int = 0


def write(folder: Path, provenance: Provenance) -> None:
    tables = {name: one for name, one in asdict(provenance).items() if isinstance(one, Mapping)}
    plain = {name: one for name, one in asdict(provenance).items() if name not in tables}
    lines = [f"format = {FORMAT}"]
    lines += [f"{name} = {_toml(one)}" for name, one in plain.items() if one not in ("", ())]
    for name, table in tables.items():
        if table:
            lines += ["", f"[{name}]", *(f"{_toml(key)} = {_toml(one)}" for key, one in table.items())]
    (folder / FILE).write_text("\n".join([*lines, ""]), "utf-8")


def add_verdict(folder: Path, expected: Expected) -> None:
    """Append what the recorded run ended with."""
    lines = [f"{name} = {_toml(one)}" for name, one in asdict(expected).items()]
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write("\n".join(["", "[verdict]", *lines, ""]))


def _toml(value: Any) -> str:
    """TOML's strings, numbers, booleans and arrays are written as JSON's, but for DEL."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value).replace("\x7f", "\\u007f")


def read(folder: Path) -> tuple[Provenance, Expected | None]:
    """CassetteError with a sentence for a folder that is no recording, or one of another version."""
    try:
        document = tomllib.loads((folder / FILE).read_text("utf-8"))
    except OSError as error:
        raise CassetteError(
            f"{folder}: no recording ({FILE}: {error.strerror}); `check --record {folder}` makes one"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CassetteError(f"{folder / FILE}: {error}") from None
    if document.get("format") != FORMAT:
        raise CassetteError(
            f"{folder / FILE}: format {document.get('format')!r}, this version reads {FORMAT}; record anew"
        )
    try:
        verdict = document.get("verdict")
        return _made(Provenance, document), None if verdict is None else _made(Expected, verdict)
    except TypeError as error:
        raise CassetteError(f"{folder / FILE}: {error}; record anew") from None


def _made(kind: Any, document: Mapping[str, Any]) -> Any:
    names = {one.name for one in fields(kind)}
    return kind(**{name: _frozen(one) for name, one in document.items() if name in names})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
