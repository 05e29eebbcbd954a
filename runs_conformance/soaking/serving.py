"""A target that has to be started, in a process of its own: so it takes no time from the judge.

    python -m runs_conformance.soaking.serving embedded|app:module:attribute

The first line on stdout is its address, or a sentence after "! ". It ends when stdin does.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from runs_conformance.target.reading import check_url
from runs_conformance.target.serving import ServingError

TROUBLE: Final = "! "


@contextmanager
def beside(target: str) -> Iterator[str]:
    """The base URL of a target; ServingError or ProfileError for one that can't be used."""
    if "://" in target:
        yield check_url(target)
        return
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", __spec__.name if __spec__ else "runs_conformance.soaking.serving", target],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        if not line or line.startswith(TROUBLE):
            raise ServingError(line.removeprefix(TROUBLE) or f"{target} did not start")
        yield line
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def spent() -> float:
    """Processor seconds of the targets that `beside` has started and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(target: str) -> int:
    from runs_conformance.reference.server import running  # noqa: PLC0415 - not for who only asks for `beside`
    from runs_conformance.target.serving import open_target  # noqa: PLC0415

    try:
        with open_target(target, running) as base_url:
            sys.stdout.write(f"{base_url}\n")
            sys.stdout.flush()
            sys.stdin.read()
    except ServingError as error:
        sys.stdout.write(f"{TROUBLE}{error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
