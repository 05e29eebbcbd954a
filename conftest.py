"""For both `pytest` (the tests of the machinery) and `pytest suites --target URL` in a checkout."""

from __future__ import annotations

import sys

import pytest
from hypothesis import settings

# Installed, the plugin has been loaded by its entry point; in a bare checkout it has not.
pytest_plugins = [] if "runs_conformance.plugin" in sys.modules else ["runs_conformance.plugin"]

# A red build must be the fault of a change, not of luck; `--hypothesis-profile=default` looks further.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: builds or installs something; leave out with -m 'not slow'")
