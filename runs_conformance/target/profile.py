"""A target's profile: where it is, how to get in, what it lacks, how long to wait. `reading.load` makes it.

Secrets stay out of files: the key comes from an environment variable, and nothing secret is in a `repr`.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from runs_conformance.contract.register import NEWEST
from runs_conformance.target.settings import ProfileError

PLACEHOLDER_KEY: Final = "sk-runs-conformance"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `exchange` and `stream` are totals for one exchange, headers included.

    `idle` is silence within a stream.
    """

    connect: float = 10.0
    exchange: float = 60.0
    stream: float = 120.0
    idle: float = 60.0
    poll: float = 120.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes after decoding of one answer and of one event; events of one stream.

    `session_bytes` is what all answers of a session weigh (`journal.weight`). Together they keep a session
    with a target that sends as much as it may below 300 MB.
    """

    max_bytes: int = 8 * 1024 * 1024
    max_event_bytes: int = 4 * 1024 * 1024
    max_events: int = 50_000
    session_bytes: int = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Throttle:
    """How often and how long (seconds in total) a 429 or 503 is waited for."""

    tries: int = 5
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Polling:
    """Pause between polls in seconds: doubled from `first` up to `longest`.

    `asked` bounds what openai-poll-after-ms may ask.
    """

    first: float = 0.005
    longest: float = 1.0
    asked: float = 10.0


@dataclass(frozen=True, slots=True)
class Secret:
    """A header or query entry; `hidden` ones are shown as `***`."""

    name: str
    value: str = field(repr=False)
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """All settings of a target. `absent` maps a capability that it lacks to the reason given."""

    base_url: str | None = None
    key_env: str = "OPENAI_API_KEY"
    auth_header: str = "bearer"
    headers: tuple[Secret, ...] = ()
    query: tuple[Secret, ...] = ()
    model: str = "gpt-4o"
    other_model: str | None = None
    assistant_id: str | None = None
    thread_id: str | None = None
    resources: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    edition: str = NEWEST
    absent: Mapping[str, str] = field(default_factory=dict)
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    throttle: Throttle = Throttle()
    polling: Polling = Polling()
    max_runs: int | None = None
    cleanup: bool = True
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False, compare=False)

    def lacks(self, capability: str) -> str | None:
        """Why the target lacks it, or None if it has it."""
        return self.absent.get(capability)

    def key(self, base_url: str) -> str | None:
        """The key to send to `base_url`.

        A harmless placeholder for this machine, else ProfileError when the variable is not set.
        """
        if self.auth_header == "none":
            return None
        value = self.environ.get(self.key_env, "").strip()
        if value:
            return sendable(value, f"environment variable {self.key_env}")
        if is_loopback(base_url):
            return PLACEHOLDER_KEY
        raise ProfileError(
            f"no key: set the environment variable {self.key_env} (key_env names another), or say --no-key"
        )

    def resource(self, kind: str) -> str | None:
        """What the register calls file, vector_store, image_url, other_model, second_key or clock.

        None if there is none.
        """
        if kind == "other_model":
            return self.other_model
        if kind == "second_key":
            return self.environ.get(self.resources.get("second_key_env", "")) or None
        return self.resources.get(f"{kind}_id") or self.resources.get(kind)


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def sendable(value: str, where: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise ProfileError(f"{where}: holds characters that a header can't carry")
    return value
