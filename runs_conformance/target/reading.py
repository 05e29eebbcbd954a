"""From a TOML file and command line options to a `Profile`: each setting checked, each error a sentence.

Headers and query may say `${NAME}` for what must not stand in a file.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from runs_conformance.contract.capabilities import CAPABILITIES
from runs_conformance.contract.register import NEWEST, OLDEST
from runs_conformance.target import settings
from runs_conformance.target.profile import Limits, Polling, Profile, Secret, Throttle, Timeouts, sendable
from runs_conformance.target.settings import ProfileError

AUTH_STYLES: Final = ("bearer", "api-key", "none")
RESOURCES: Final = ("file_id", "vector_store_id", "image_url", "second_key_env", "clock")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CREDENTIAL: Final = re.compile(
    r"authorization|api[-_]?key|token|secret|passw|cookie|credential|signature|subscription-key|^(sig|key|code)$",
    re.IGNORECASE,
)


def load(
    path: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Profile:
    """The profile of a file (or of nothing) with `overrides` on top; ProfileError says what is wrong where.

    Overrides have the file's names; None means not given; tables (headers, query, timeouts, ...) merge.
    `no_key = true` is short for `auth_header = "none"`.
    """
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    document = settings.read_toml(path) if path else {}
    try:
        for source in (document, given):
            if "absent" in source:
                source["absent"] = _absent(source["absent"])
        return _build(settings.merged(document, given), os.environ if environ is None else environ)
    except ProfileError as error:
        raise ProfileError(f"profile {path}: {error}" if path else str(error)) from None


def _build(document: dict[str, Any], environ: Mapping[str, str]) -> Profile:
    if document.pop("no_key", False) is True:
        document["auth_header"] = "none"
    readers = _readers(environ)
    settings.known_keys(document, readers)
    return Profile(environ=environ, **{key: readers[key](value) for key, value in document.items()})


def _readers(environ: Mapping[str, str]) -> dict[str, Any]:
    """How each setting is read; its keys are the settings there are."""
    plain = {
        name: lambda value, name=name: settings.text(value, name)
        for name in ("key_env", "model", "other_model", "assistant_id", "thread_id")
    }
    return plain | {
        "base_url": lambda value: check_url(settings.text(value, "base_url")),
        "auth_header": _auth_header,
        "headers": lambda value: _entries(value, "headers", environ),
        "query": lambda value: _entries(value, "query", environ),
        "resources": _resources,
        "aliases": _aliases,
        "edition": check_edition,
        "absent": _absent,
        "timeouts": lambda value: _numbers(value, "timeouts", Timeouts),
        "limits": lambda value: _numbers(value, "limits", Limits),
        "throttle": lambda value: _numbers(value, "throttle", Throttle),
        "polling": lambda value: _numbers(value, "polling", Polling),
        "max_runs": lambda value: settings.count(value, "max_runs"),
        "cleanup": _switch,
    }


def _numbers(value: Any, where: str, kind: type[Any]) -> Any:
    whole = {name for name, each in kind.__annotations__.items() if each == "int"}
    readers = {name: settings.count if name in whole else settings.seconds for name in kind.__annotations__}
    return kind(**settings.numbers(value, where, readers))


def check_url(url: str) -> str:
    """A base URL without its trailing slash; ProfileError says what is wrong with it."""
    if re.search(r"[\s\x00-\x1f\x7f\\]", url):
        raise ProfileError("base_url: has a space, a backslash or a control character in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ProfileError(f"base_url: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ProfileError(
            f'base_url: "{_shown(url)}" is not a URL such as http://127.0.0.1:8000/v1{_suggestion(url)}'
        )
    if "@" in parts.netloc:
        raise ProfileError("base_url: has a user name or password in it; use headers instead")
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        raise ProfileError(
            "base_url: has a query or fragment; put query parameters into the table `query` (option --query)"
        )
    if port == 0:
        raise ProfileError("base_url: port 0 is no port")
    return url.rstrip("/")


def check_edition(value: Any) -> str:
    edition = value.isoformat() if isinstance(value, dt.date) else settings.text(value, "edition")
    try:
        date = dt.date.fromisoformat(edition).isoformat()
    except ValueError:
        raise ProfileError(f'edition: "{edition}" is not a date such as {NEWEST}') from None
    if not OLDEST <= date <= NEWEST:
        raise ProfileError(f"edition: {edition} is outside {OLDEST} .. {NEWEST}")
    return date


def _absent(value: Any) -> dict[str, str]:
    """A list of capabilities, or a table capability = "reason"."""
    declared = (
        dict(value)
        if isinstance(value, Mapping)
        else dict.fromkeys(settings.texts(value, "absent"), "declared absent")
    )
    for name, reason in declared.items():
        if name not in CAPABILITIES:
            raise ProfileError(f'absent: unknown capability "{name}": {settings.closest(name, CAPABILITIES)}')
        settings.text(reason, f"absent.{name}")
    return declared


def _auth_header(value: Any) -> str:
    if value not in AUTH_STYLES:
        raise ProfileError(f"auth_header: expected one of {', '.join(AUTH_STYLES)}")
    return str(value)


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ProfileError(f"cleanup: expected true or false, found {settings.kind(value)}")
    return value


def _entries(value: Any, where: str, environ: Mapping[str, str]) -> tuple[Secret, ...]:
    result = []
    for name, entry in settings.table(value, where).items():
        place = f"{where}.{name}"
        if where == "headers" and not _TOKEN.fullmatch(name):
            raise ProfileError(f'{where}: "{name}" is no header name')
        expanded, from_environment = settings.expand(settings.text(entry, place), place, environ)
        checked = sendable(expanded, place) if where == "headers" else expanded
        result.append(Secret(name, checked, from_environment or bool(_CREDENTIAL.search(name))))
    return tuple(result)


def _resources(value: Any) -> dict[str, str]:
    entries = settings.table(value, "resources")
    settings.known_keys(entries, RESOURCES, "resources.")
    return {name: settings.text(entry, f"resources.{name}") for name, entry in entries.items()}


def _aliases(value: Any) -> dict[str, tuple[str, ...]]:
    return {
        name: settings.texts(entry, f"aliases.{name}")
        for name, entry in settings.table(value, "aliases").items()
    }


def _shown(url: str) -> str:
    return url.rpartition("@")[2][:80]


def _suggestion(url: str) -> str:
    return f"; did you mean http://{_shown(url)}?" if "://" not in url else ""
