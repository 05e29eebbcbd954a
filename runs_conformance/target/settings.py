"""Strict reading of settings.

A TOML document and overrides, merged, each value checked, errors that say what to write instead.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")


class ProfileError(ValueError):
    """Settings that can't be used; the text says where, what was found and what is wanted."""


def read_toml(path: Path) -> dict[str, Any]:
    """The document; ProfileError for a file that is missing, unreadable or not TOML."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise ProfileError(f"profile {path}: there is no such file") from None
    except OSError as error:
        raise ProfileError(f"profile {path}: can't be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise ProfileError(f"profile {path}: not UTF-8 at byte {error.start}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProfileError(f"profile {path}: not TOML: {error or 'nested too deep'}") from None


def closest(name: str, known: Iterable[str]) -> str:
    """` Did you mean "x"?` or the list of what is known."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1, 0.6)
    return f'did you mean "{near[0]}"?' if near else f"known are: {', '.join(names)}"


def known_keys(table: Mapping[str, Any], known: Iterable[str], where: str = "") -> None:
    names = tuple(known)
    for key in table:
        if key not in names:
            raise ProfileError(f'unknown setting "{where}{key}": {closest(key, names)}')


def table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ProfileError(f"{where}: expected a table, found {kind(value)}")
    return dict(value)


def text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ProfileError(f"{where}: expected a string, found {kind(value)}")
    if not value.strip():
        raise ProfileError(f"{where}: is empty; leave it out instead")
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        raise ProfileError(f"{where}: has a control character in it")
    return value


def texts(value: Any, where: str) -> tuple[str, ...]:
    """A list of strings; one string counts as a list of one."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list | tuple):
        raise ProfileError(f"{where}: expected a list of strings, found {kind(value)}")
    return tuple(text(entry, f"{where}[{index}]") for index, entry in enumerate(entries))


def seconds(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProfileError(f"{where}: expected a number of seconds, found {kind(value)}")
    if not math.isfinite(value) or value <= 0:
        raise ProfileError(f"{where}: expected more than 0 seconds, found {value}")
    return float(value)


def count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ProfileError(f"{where}: expected a whole number, found {kind(value)}")
    if value < 1:
        raise ProfileError(f"{where}: expected at least 1, found {value}")
    return value


def numbers(value: Any, where: str, readers: Mapping[str, Callable[[Any, str], Any]]) -> dict[str, Any]:
    """A table of numbers, each read by its own reader."""
    entries = table(value, where)
    known_keys(entries, readers, f"{where}.")
    return {key: readers[key](entry, f"{where}.{key}") for key, entry in entries.items()}


def expand(value: str, where: str, environ: Mapping[str, str]) -> tuple[str, bool]:
    """`${NAME}` replaced from the environment, and whether anything was (then the value is a secret)."""
    found = _VARIABLE.findall(value)
    for name in found:
        if not environ.get(name):
            raise ProfileError(f"{where}: the environment variable {name or '(no name)'} is not set")
    return _VARIABLE.sub(lambda match: environ[match[1]], value), bool(found)


def kind(value: Any) -> str:
    """What a wrong value is, in words, without showing it (it may be a secret)."""
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), type(value).__name__)


def merged(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides win; tables are merged key by key; None means not given."""
    result = dict(document)
    for key, value in overrides.items():
        if value is None:
            continue
        if isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = {**result[key], **value}
        else:
            result[key] = value
    return result
