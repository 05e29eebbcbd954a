"""The options that `check` and `pytest suites` share: declared once, read once."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runs_conformance.contract.capabilities import CAPABILITIES
from runs_conformance.contract.register import Register, UnknownRequirementError, load
from runs_conformance.paths import PROFILES
from runs_conformance.recordings.recorded import CassetteError
from runs_conformance.report.records import Gap
from runs_conformance.target import reading
from runs_conformance.target.profile import Profile
from runs_conformance.target.settings import ProfileError, closest

if TYPE_CHECKING:
    from runs_conformance.clients.dialects import Dialect

EMBEDDED: Final = "embedded"
EFFORTS: Final = ("smoke", "standard", "thorough")


class UsageError(ValueError):
    """An option or a profile that can't be used; the text says what to write instead. Exit code 2."""


@dataclass(frozen=True)
class Option:
    """One option.

    `kind` is text, many, number or flag; `setting` is the profile's name of it, "" if it has none.
    """

    name: str
    help: str
    kind: str = "text"
    setting: str = ""
    metavar: str = "TEXT"

    @property
    def arguments(self) -> dict[str, Any]:
        """For argparse, and for pytest's options."""
        if self.kind == "flag":
            return {"action": "store_true"}
        return {"metavar": self.metavar, **({"action": "append"} if self.kind == "many" else {})}


OPTIONS: Final = (
    Option(
        "--profile",
        "a profile file (TOML), the name of a ready one, or how much to send: smoke, standard, thorough",
        "many", metavar="FILE|NAME",
    ),
    Option(
        "--key-env", "environment variable that holds the key (default OPENAI_API_KEY)", setting="key_env",
        metavar="NAME",
    ),
    Option("--no-key", "send no key at all", "flag", "no_key"),
    Option("--header", "extra header, as 'Name: value'; ${ENV} is replaced", "many", metavar="LINE"),
    Option("--query", "extra query parameter, as name=value, such as api-version=v1", "many", metavar="PAIR"),
    Option("--model", "model for assistants and runs (default gpt-4o)", setting="model", metavar="NAME"),
    Option(
        "--other-model", "a second model, to see that an override is honoured", setting="other_model",
        metavar="NAME",
    ),
    Option(
        "--assistant", "id of an existing assistant, for a target that can't make one",
        setting="assistant_id", metavar="ID",
    ),
    Option(
        "--thread", "id of an existing thread, for a target that can't make one", setting="thread_id",
        metavar="ID",
    ),
    Option(
        "--edition", "judge by the contract as of this date (default: the newest)", setting="edition",
        metavar="DATE",
    ),
    Option("--absent", "a capability that the target declares not to have", "many", metavar="NAME"),
    Option("--timeout", "seconds for one exchange in all (default 60)", "number", metavar="SECONDS"),
    Option("--max-runs", "start at most this many runs", "number", "max_runs", metavar="N"),
    Option(
        "--select", "only these requirements: ids, globs, chapters, RQ numbers", "many", metavar="PATTERN",
    ),
    Option("--strict", "a SHOULD that fails is a failure", "flag"),
    Option("--seed", "seed of the generated bodies, a number or 'random' (default 0)", metavar="N"),
    Option("--gaps", "known gaps (TOML): what they cover is no failure", metavar="FILE"),
    Option("--update-gaps", "write that file from this run: add what fails, take out what passes", "flag"),
    Option("--results", "write results.jsonl here", metavar="FILE"),
    Option(
        "--as", "send what this client sends, such as psopenai: would the target serve its users?",
        metavar="CLIENT",
    ),
    Option("--record", "record the session into this folder, for --replay", metavar="DIR"),
    Option("--replay", "judge a recorded session; nothing is sent to anybody", metavar="DIR"),
)


# pytest has a --strict of its own, pytest-timeout a --timeout.
TAKEN: Final = frozenset({"--strict", "--timeout"})


def in_pytest(option: Option) -> str:
    """The option's name there."""
    return option.name.replace("--", "--conformance-") if option.name in TAKEN else option.name


def dest(option: Option) -> str:
    return "conformance_" + option.name.removeprefix("--").replace("-", "_")


@dataclass(frozen=True)
class Chosen:
    """All options of a run, checked."""

    target: str
    profile: Profile
    profile_name: str
    effort: str
    register: Register
    selected: frozenset[str] | None
    patterns: tuple[str, ...]
    strict: bool
    seed: int
    results: Path | None
    record: Path | None = None
    replay: Path | None = None
    acting: Dialect | None = None
    asked: frozenset[str] | None = None
    """What the recorded session asked for; `selected` may be less of it."""
    gaps: tuple[Gap, ...] = ()
    gaps_file: Path | None = None
    update_gaps: bool = False


def choose(target: str, value: Callable[[str], Any]) -> Chosen:
    """Read the options by their names ("--model"); UsageError with a sentence for whatever can't be used."""
    try:
        return _choose(target or EMBEDDED, value)
    except (ProfileError, UnknownRequirementError, CassetteError) as error:
        raise UsageError(str(error)) from None


def _choose(target: str, value: Callable[[str], Any]) -> Chosen:
    effort, file = _profiles(value("--profile") or ())
    overrides = {
        option.setting: _number(
            value(option.name), option,
        ) if option.kind == "number" else value(option.name) or None
        for option in OPTIONS if option.setting
    }
    extra: dict[str, Any] = {
        "headers": _pairs(value("--header"), ":", "--header"),
        "query": _pairs(value("--query"), "=", "--query"),
        "absent": _absent(value("--absent") or ()),
        "base_url": target if "://" in target else None,
    }
    seconds = value("--timeout")
    if seconds is not None:
        extra["timeouts"] = {"exchange": _seconds(seconds)}
    profile = reading.load(file, {**overrides, **{key: held for key, held in extra.items() if held}})
    register, patterns = load(), _split(value("--select") or ())
    selected = register.select(patterns) if patterns else None
    results, update = value("--results"), bool(value("--update-gaps"))
    gaps_file, gaps = _gaps(value("--gaps"), register, update=update)
    acting = _acting(value("--as"))
    if acting and (value("--record") or value("--replay")):
        raise UsageError("--as can't go with --record or --replay: a recording is of the whole suite")
    made = Chosen(
        target=_target(target, profile), profile=profile, profile_name=file.name if file else effort,
        effort=effort, register=register,
        selected=selected, patterns=patterns, strict=bool(value("--strict")), seed=_seed(value("--seed")),
        results=None if results is None else _writable(Path(results), "--results"), asked=selected,
        gaps=gaps, gaps_file=gaps_file, update_gaps=update,
        acting=acting,
    )
    return _recorded(made, value("--record"), value("--replay"))


def _acting(name: str | None) -> Dialect | None:
    if not name:
        return None
    from runs_conformance.clients import dialects  # noqa: PLC0415 - needs the schemas' libraries, half of a start

    try:
        return dialects.load(name)
    except dialects.DialectError as error:
        raise UsageError(str(error)) from None


def _recorded(chosen: Chosen, record: str | None, replay: str | None) -> Chosen:
    """The run with its recording made, or out of one; then the recording's settings hold."""
    if record and replay:
        raise UsageError("--record and --replay can't go together: a replay sends nothing")
    if record:
        folder = Path(record)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"--record {record}: there is something already; name a new or an empty folder")
        return replace(chosen, record=folder)
    if not replay:
        return chosen
    if chosen.target != EMBEDDED:
        raise UsageError(f"--replay {replay} takes its target from the recording; leave {chosen.target} out")
    from runs_conformance.recordings.provenance import read  # noqa: PLC0415 - only a replay needs it
    from runs_conformance.replaying import replayed_profile  # noqa: PLC0415

    made, _ = read(Path(replay))
    asked = chosen.register.select(made.selection) if made.selection else None
    both = asked if chosen.selected is None else chosen.selected if asked is None else asked & chosen.selected
    return replace(
        chosen, replay=Path(replay), target=made.target, effort=made.effort, seed=made.seed, asked=asked,
        selected=both, profile=replayed_profile(chosen.profile, made),
        profile_name=f"{made.effort}, replayed", patterns=chosen.patterns or tuple(made.selection),
    )


def _gaps(name: str | None, register: Register, *, update: bool) -> tuple[Path | None, tuple[Gap, ...]]:
    if name is None and update:
        raise UsageError("--update-gaps: name the file with --gaps FILE")
    if name is None:
        return None, ()
    from runs_conformance.report import gapfile  # noqa: PLC0415 - only here is the TOML library needed

    path = Path(name)
    try:
        gaps = gapfile.read(path, register, missing_ok=update)
    except gapfile.GapsError as error:
        raise UsageError(str(error)) from None
    if update and path.exists():
        _writable(path, "--gaps")
    elif update and not path.parent.is_dir():
        raise UsageError(f"--gaps {path}: there is no folder {path.parent}")
    return path, gaps


def _writable(path: Path, option: str) -> Path:
    """Said before anything is sent, and left as it is until then."""
    try:
        with path.open("a"):
            return path
    except OSError as error:
        raise UsageError(f"{option} {path}: can't be written ({error.strerror})") from None


def _target(target: str, profile: Profile) -> str:
    if target == EMBEDDED and profile.base_url:
        return profile.base_url
    if target == EMBEDDED or "://" in target:
        return target
    if target.startswith("app:") and target.count(":") == 2:
        return target
    known = {EMBEDDED, "app:module:attribute", "http://127.0.0.1:8000/v1"}
    raise UsageError(
        f"target {target!r} is neither {EMBEDDED}, a URL, nor app:module:attribute; {closest(target, known)}"
    )


def _profiles(values: tuple[str, ...] | list[str]) -> tuple[str, Path | None]:
    effort, file = "standard", None
    for each in values:
        if each in EFFORTS:
            effort = each
        elif Path(each).suffix or Path(each).exists() or "/" in each:
            file = Path(each)
        elif each in ready_profiles():
            file = PROFILES / f"{each}.toml"
        else:
            names = (*EFFORTS, *ready_profiles())
            raise UsageError(
                f"--profile {each!r} is neither a file nor one of {', '.join(names)}; {closest(each, names)}"
            )
    return effort, file


def ready_profiles() -> tuple[str, ...]:
    """The names of the profiles that come along."""
    return tuple(sorted(each.stem for each in PROFILES.glob("*.toml")))


def _pairs(lines: Any, mark: str, option: str) -> dict[str, str]:
    made: dict[str, str] = {}
    for line in lines or ():
        name, found, text = str(line).partition(mark)
        if not found or not name.strip():
            raise UsageError(f"{option} {name.strip()!r}: write it as name{mark}value")
        made[name.strip()] = text.strip()
    return made


def _absent(names: Any) -> dict[str, str]:
    listed = [name.strip() for each in names for name in str(each).split(",") if name.strip()]
    for name in listed:
        if name not in CAPABILITIES:
            raise UsageError(f"--absent {name!r} is no capability: {closest(name, CAPABILITIES)}")
    return dict.fromkeys(listed, "declared absent by --absent")


def _split(patterns: Any) -> tuple[str, ...]:
    return tuple(part.strip() for each in patterns for part in str(each).split(",") if part.strip())


def _number(value: Any, option: Option) -> int | None:
    if value is None:
        return None
    try:
        return int(value)
    except ValueError:
        raise UsageError(f"{option.name} {value!r} is not a whole number") from None


def _seconds(value: Any) -> float:
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"--timeout {value!r} is not a number of seconds") from None


def _seed(value: Any) -> int:
    if value is None:
        return 0
    if value == "random":
        return random.SystemRandom().randrange(2**32)
    try:
        return int(value)
    except ValueError:
        raise UsageError(f"--seed {value!r} is neither a whole number nor 'random'") from None
