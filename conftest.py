"""For both `pytest` (the tests of the machinery) and `pytest suites --target URL` in a checkout."""

from __future__ import annotations

import sys

import pytest

# Installed, the plugin has been loaded by its entry point; in a bare checkout it has not.
pytest_plugins = [] if "runs_conformance.plugin" in sys.modules else ["runs_conformance.plugin"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: builds or installs something; leave out with -m 'not slow'")
