"""The entries of a YAML recording one by one, from libyaml's events: a file of any size, one entry at a time.

Not yaml.load: it holds the whole file as a tree, refuses the tags that Ruby's and old Python's recorders
wrote, and turns dates and words such as `no` into values. Here a scalar without quotes is null, true, false
or a number as in JSON, else a text; `!!binary` is bytes; every other tag is passed over. Nothing is ever
constructed from a tag.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import IO, Any, Final

import yaml

from runs_conformance.recordings.recorded import UnreadableError

try:
    _Loader: Any = yaml.CSafeLoader
except AttributeError:  # PyYAML without libyaml: some ten times slower
    _Loader = yaml.SafeLoader

DEEPEST: Final = 200
# Nodes of one entry, those that an alias repeats counted again: an entry that unfolds without end stops here.
MOST_NODES: Final = 600_000
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,300})(\.\d+)?([eE][-+]?\d{1,3})?")
_WORDS: Final[dict[str, Any]] = {"": None, "~": None, "null": None, "true": True, "false": False}


def entries(stream: IO[bytes], lists: frozenset[str]) -> Iterator[Any]:
    """Each entry of a list that stands at the top, or under one of the keys `lists` there.

    yaml.YAMLError where the text is no YAML; what was yielded before stands. UnreadableError for an entry
    that unfolds without end.
    """
    reader = _Reader(_Loader(stream))
    while (event := reader.next()) is not None:
        if isinstance(event, yaml.SequenceStartEvent):
            yield from reader.sequence()
        elif isinstance(event, yaml.MappingStartEvent):
            yield from _mapping(reader, lists)


def _mapping(reader: _Reader, lists: frozenset[str]) -> Iterator[Any]:
    while not isinstance(event := reader.must(), yaml.MappingEndEvent):
        key = str(reader.build(event)).lstrip(":")
        value = reader.must()
        if key in lists and isinstance(value, yaml.SequenceStartEvent):
            yield from reader.sequence()
        else:
            reader.build(value)
            reader.nodes = 0


class _Reader:
    """Builds values from events; `nodes` counts those of the entry under construction."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = 0

    def next(self) -> Any:
        """The next event that is no start or end of a document, None at the end of the file."""
        while self._loader.check_event():
            event = self._loader.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
            elif not isinstance(event, yaml.DocumentEndEvent | yaml.StreamStartEvent | yaml.StreamEndEvent):
                return event
        return None

    def must(self) -> Any:
        event = self.next()
        if event is None:
            raise yaml.YAMLError("the file ends in the middle")
        return event

    def sequence(self) -> Iterator[Any]:
        while not isinstance(event := self.must(), yaml.SequenceEndEvent):
            self.nodes = 0
            yield self.build(event)

    def build(self, event: Any, depth: int = 0) -> Any:
        """The value that begins with `event`."""
        if depth > DEEPEST:
            raise UnreadableError(f"nested deeper than {DEEPEST} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor or "")
        before = self.nodes
        self._count(1)
        value = self._value(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = (value, self.nodes - before)
        return value

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := self.must(), yaml.SequenceEndEvent):
                items.append(self.build(inner, depth + 1))
            return items
        found = {}
        while not isinstance(inner := self.must(), yaml.MappingEndEvent):
            key = self.build(inner, depth + 1)
            found[key if isinstance(key, str) else str(key)] = self.build(self.must(), depth + 1)
        return found

    def _alias(self, anchor: str) -> Any:
        value, weight = self._anchors.get(anchor, (None, 1))
        self._count(weight)
        return value

    def _count(self, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MOST_NODES:
            raise UnreadableError("an entry that unfolds without end")


def _scalar(event: Any) -> Any:
    text, tag = event.value, event.tag or ""
    if tag.endswith("binary"):
        return _bytes(text)
    if not (event.implicit[0] or tag.endswith((":int", ":float", ":null", ":bool", "python/long"))):
        return text
    lowered = text.lower()
    if lowered in _WORDS:
        return _WORDS[lowered]
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    return float(text) if found[1] or found[2] else int(text)


def _bytes(text: str) -> bytes | str:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return text
