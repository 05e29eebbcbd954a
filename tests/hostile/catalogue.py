"""All servers of the battery."""

from fnmatch import fnmatchcase

from hostile import bodies, events, texts, transport

SERVERS = [*transport.SERVERS, *bodies.SERVERS, *events.SERVERS, *texts.SERVERS]


def fits(name: str, patterns: str) -> bool:
    """Whether one of the patterns, "|" between them, is the name's or begins it."""
    return any(fnmatchcase(name, f"{one.strip()}*") for one in patterns.split("|"))
