"""Equality as the contract means it.

1 is 1.0, true is not 1, and a server may fill in documented defaults.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable
from typing import Any, Final

from runs_conformance.contract.jsontext import MISSING, brief

Same = Callable[[Any, Any], bool]
Path = tuple[str | int, ...]
_LONG: Final = 60
# A function's and a format's schema are the user's, word for word.
_VERBATIM: Final = ("parameters", "schema")
# What names a version of the same model: a date, a short stamp (0613, 1106-preview, 001), latest; never a
# size (32k, 70b).
_VERSION: Final = re.compile(r"[-@:](\d{3,8}(-\d\d){0,2}(-preview)?|latest|preview)(-v\d+)?(:\d+)?")


def same(one: Any, other: Any) -> bool:
    """JSON equality: numbers by value, booleans never equal to numbers, key order ignored."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return type(one) is type(other) and bool(one == other)


def kept(sent: Any, seen: Any) -> bool:
    """What was sent is in `seen`; keys that were null or absent may come back filled with a default.

    Recordings: a function tool comes back with `strict: false` and `description: null`, file_search with its
    ranking options, a named tool choice without its null `function`. An object that sets nothing may be
    left out.
    """
    if isinstance(sent, dict) and isinstance(seen, dict):
        bare = {key for key, value in sent.items() if value == {} and key not in (*seen, *_VERBATIM)}
        given = {key: value for key, value in sent.items() if value is not None and key not in bare}
        return all(key in seen and _kept_value(key, value, seen[key]) for key, value in given.items())
    if isinstance(sent, list) and isinstance(seen, list):
        return len(sent) == len(seen) and all(map(kept, sent, seen))
    return same(sent, seen)


def _kept_value(key: str, sent: Any, seen: Any) -> bool:
    """ranker auto may come back as the ranker it stands for."""
    if key in _VERBATIM:
        return same(sent, seen)
    return (key == "ranker" and sent == "auto" and isinstance(seen, str)) or kept(sent, seen)


def difference(sent: Any, seen: Any, equal: Same = kept) -> tuple[Path, str, str]:
    """The first place where `equal` finds `seen` not to be `sent`, and what is to be shown of either."""
    if isinstance(sent, dict) and isinstance(seen, dict):
        for key in dict.fromkeys((*sent, *seen)):
            one, two = ({key: part[key]} if key in part else {} for part in (sent, seen))
            if not equal(one, two):
                return _below(
                    key, sent.get(key, MISSING), seen.get(key, MISSING), same if key in _VERBATIM else equal,
                )
    if isinstance(sent, list) and isinstance(seen, list) and len(sent) == len(seen):
        for index, (mine, theirs) in enumerate(zip(sent, seen, strict=True)):
            if not equal(mine, theirs):
                return _below(index, mine, theirs, equal)
    return (), *_shown(sent, seen)


def _below(key: str | int, sent: Any, seen: Any, equal: Same) -> tuple[Path, str, str]:
    path, one, two = difference(sent, seen, equal)
    return (key, *path), one, two


def _shown(sent: Any, seen: Any) -> tuple[str, str]:
    """Long texts from shortly before the place where they part."""
    if isinstance(sent, str) and isinstance(seen, str) and max(len(sent), len(seen)) > _LONG:
        start = max(0, len(os.path.commonprefix((sent, seen))) - 10)  # noqa: RUF071 - by characters is what is wanted
        mark = f" from character {start} on" if start else ""
        shown = [f"{brief(one[start:], _LONG)}{mark} ({len(one)} characters)" for one in (sent, seen)]
        return shown[0], shown[1]
    return brief(sent), brief(seen)


def model_fits(sent: str, seen: Any, aliases: dict[str, tuple[str, ...]]) -> bool:
    """Whether `seen` is `sent` by another spelling.

    A dated snapshot of it (gpt-4o-2024-08-06), with or without a provider's prefix, or a named alias.
    """
    if not isinstance(seen, str):
        return False
    if seen in aliases.get(sent, ()):
        return True
    wanted, got = sent.lower(), seen.lower()
    return (
        any(_version_of(one, got) for one in _tails(wanted))
        or any(_version_of(wanted, one) for one in _tails(got))
    )


def unchanged(name: str, one: Any, other: Any) -> bool:
    """A setting shown twice is the same; a model's alias may be resolved meanwhile."""
    alike = isinstance(one, str) and isinstance(other, str) and name == "model"
    return same(one, other) or (alike and (model_fits(one, other, {}) or model_fits(other, one, {})))


def _tails(name: str) -> list[str]:
    """openrouter/openai/gpt-4o, openai/gpt-4o, gpt-4o: the name with ever fewer provider prefixes."""
    parts = name.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _version_of(wanted: str, got: str) -> bool:
    return got == wanted or (got.startswith(wanted) and _VERSION.fullmatch(got[len(wanted) :]) is not None)


def normal_param(param: str) -> tuple[str, ...]:
    """One path, however it is spelled.

    `tools[0].function.name`, `tools.0.function.name`, `$.tools[0]['function'].name`,
    `/tools/0/function/name`.
    """
    return tuple(part.strip("'\"") for part in re.split(r"[.\[\]/]+", param.removeprefix("$")) if part)
