"""Deltas folded into the object that they build, as the vendor's SDKs do it (python `accumulate_delta`).

Strings append, `index` and `type` overwrite, objects merge, lists of objects merge by `index`, null is
replaced. Values are never changed in place.
"""

from typing import Any


def fold(whole: dict[str, Any], delta: dict[str, Any]) -> dict[str, Any]:
    """`whole` with `delta` applied."""
    result = dict(whole)
    for key, value in delta.items():
        result[key] = value if key in ("index", "type") else _merged(result.get(key), value)
    return result


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, str) and isinstance(new, str):
        return old + new
    if isinstance(new, dict):
        return fold(old if isinstance(old, dict) else {}, new)
    if isinstance(new, list):
        return _lists(old if isinstance(old, list) else [], new)
    return old if new is None and old is not None else new


def _lists(old: list[Any], new: list[Any]) -> list[Any]:
    result = list(old)
    for entry in new:
        index = entry.get("index") if isinstance(entry, dict) else None
        place = _place(result, index)
        if place is None:
            result.append(fold({}, entry) if isinstance(entry, dict) else entry)
        else:
            result[place] = fold(result[place], entry)
    return result


def _place(entries: list[Any], index: Any) -> int | None:
    """Where the entry with this index stands."""
    if index is None:
        return None
    return next(
        (at for at, one in enumerate(entries) if isinstance(one, dict) and one.get("index") == index), None
    )


def start(value: Any) -> Any:
    """An object as deltas can be folded into it: entries of its lists numbered where they bear no index."""
    if isinstance(value, dict):
        return {key: start(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [
            {"index": at, **start(entry)} if isinstance(entry, dict) else entry
            for at, entry in enumerate(value)
        ]
    return value
