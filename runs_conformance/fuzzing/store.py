"""Failing cases, kept in a Hypothesis database: a directory, Redis, or what CI uploaded.

The same database that Hypothesis keeps its examples in; ours stand under keys of their own. So whoever shares
the one shares the other.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    ExampleDatabase,
    GitHubArtifactDatabase,
    InMemoryExampleDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)

from runs_conformance.fuzzing.stories import Call
from runs_conformance.options import UsageError
from runs_conformance.target.settings import closest

DEFAULT: Final = "~/.cache/runs-conformance/failures"
_INDEX: Final = b"runs-conformance/failures"
_MOST: Final = 200


@dataclass(frozen=True)
class Failure:
    """A failing case as it is kept: row, operation, what was seen, and the calls that meet it again."""

    id: str
    requirement: str
    operation: str
    where: str
    actual: str
    calls: tuple[Call, ...]

    def text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=True, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> Self:
        record: dict[str, Any] = json.loads(text)
        return cls(**{**record, "calls": tuple(Call.read(each) for each in record["calls"])})


def failure_id(requirement: str, operation: str, where: str) -> str:
    """Eight hexadecimal digits, the same in every run and on every machine."""
    return hashlib.sha256(f"{requirement}\n{operation}\n{where}".encode()).hexdigest()[:8]


class Store:
    """Failing cases in a database."""

    def __init__(self, database: ExampleDatabase) -> None:
        self.database = database

    def keep(self, failure: Failure) -> None:
        """In place of an older one with the same id."""
        for old in list(self.database.fetch(_key(failure.id))):
            self.database.delete(_key(failure.id), old)
        self.database.save(_key(failure.id), failure.text().encode())
        self.database.save(_INDEX, failure.id.encode())

    def drop(self, name: str) -> None:
        for old in list(self.database.fetch(_key(name))):
            self.database.delete(_key(name), old)
        self.database.delete(_INDEX, name.encode())

    def all(self) -> list[Failure]:
        """Every kept case that can be read, by id."""
        names = sorted({name.decode("ascii", "replace") for name in self.database.fetch(_INDEX)})
        found = (self._read(name) for name in names[:_MOST])
        return [each for each in found if each is not None]

    def get(self, name: str) -> Failure:
        """UsageError if no case of this id is kept."""
        found = self._read(name.lower())
        if found is None:
            known = [each.id for each in self.all()]
            advice = closest(name, known) if known else "nothing is kept there"
            raise UsageError(f"--replay-failure {name}: no such case in the database; {advice}")
        return found

    def _read(self, name: str) -> Failure | None:
        for text in sorted(self.database.fetch(_key(name)), key=len):
            # what another version wrote, or what was cut off, is as if it were not there
            with contextlib.suppress(ValueError, TypeError, KeyError):
                return Failure.read(text.decode())
        return None


def _key(name: str) -> bytes:
    return b"runs-conformance/failure/" + name.encode()


class Part(ExampleDatabase):
    """The part of a database that belongs to one property: Hypothesis' keys know only the function's code."""

    def __init__(self, whole: ExampleDatabase, name: str) -> None:
        super().__init__()
        self._whole, self._name = whole, name.encode() + b"/"

    def save(self, key: bytes, value: bytes) -> None:
        self._whole.save(self._name + key, value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        return self._whole.fetch(self._name + key)

    def delete(self, key: bytes, value: bytes) -> None:
        self._whole.delete(self._name + key, value)


def open_database(named: str | None) -> ExampleDatabase:
    """`none`, a directory, `redis://HOST:PORT/NUMBER`, or `github:OWNER/REPOSITORY` (beside the directory).

    None means the default directory. UsageError says what to write or to install instead.
    """
    if named == "none":
        return InMemoryExampleDatabase()
    if named is not None and named.startswith(("redis://", "rediss://", "unix://")):
        return _redis(named)
    if named is not None and named.startswith("github:"):
        owner, slash, repository = named.removeprefix("github:").partition("/")
        if not (owner and slash and repository):
            raise UsageError(f"--database {named}: write it as github:OWNER/REPOSITORY")
        shared = ReadOnlyDatabase(GitHubArtifactDatabase(owner, repository))
        return MultiplexedDatabase(_directory(DEFAULT), shared)
    if named is not None and "://" in named:
        places = "a directory, redis://HOST:PORT/0 or github:OWNER/REPOSITORY"
        raise UsageError(f"--database {named}: give {places}")
    return _directory(named or DEFAULT)


def _directory(named: str) -> ExampleDatabase:
    path = Path(named).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--database {named}: can't be a directory ({error.strerror})") from None
    return DirectoryBasedExampleDatabase(path)


def _redis(url: str) -> ExampleDatabase:
    try:
        import redis  # noqa: PLC0415 - only who shares failures by Redis needs it
        from hypothesis.extra.redis import RedisExampleDatabase  # noqa: PLC0415
    except ModuleNotFoundError:
        raise UsageError(f"--database {url}: needs the redis client: pip install redis") from None
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=5)
        client.ping()
    except (redis.RedisError, ValueError) as error:
        raise UsageError(f"--database {url}: no answer from Redis ({error})") from None
    return RedisExampleDatabase(client)
