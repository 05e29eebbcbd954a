"""The server's own time, where its date names another zone than Universal Time.

Found missing by mutation testing.
"""

import pytest
from stories import create
from test_checks_lifecycle_times import with_date

from runs_conformance.contract.checks.lifecycle import server_time


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Thu, 01 Jan 1970 09:00:07 +0900", 7),
        ("Wed, 31 Dec 1969 19:00:07 -0500", 7),
        ("Thu, 01 Jan 1970 00:00:07 GMT", 7),
    ],
)
def test_a_date_is_read_in_the_zone_that_it_names(date: str, seconds: float) -> None:
    assert server_time(with_date(create(), date)) == seconds
