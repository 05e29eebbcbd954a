"""A pytest plugin for a check that ends with its first meant finding: tests about what is meant go first."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

import pytest

PATTERNS: list[str] = []
"""The requirements that are meant, set before pytest starts in the same process."""


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterable[None]:
    yield
    items.sort(key=lambda item: not _meant(item))


def _meant(item: pytest.Item) -> bool:
    rows = [str(name) for mark in item.iter_markers("requirement") for name in mark.args]
    return any(fnmatch.fnmatchcase(row, pattern) for row in rows for pattern in PATTERNS)
