"""The marker `runs_conformance`: judges what vcrpy played or recorded while a test ran.

    @pytest.mark.runs_conformance
    @pytest.mark.vcr
    def test_my_run(): ...

Works with pytest-recording, with `vcr.use_cassette` and with any other fixture around vcrpy: what is watched
is vcrpy itself, from before the test's fixtures to the end of the test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runs_conformance.contract.register import NEWEST, load
from runs_conformance.recordings.inspecting import Inspector, Outcome
from runs_conformance.recordings.recorded import Recorded, Trouble, UnreadableError
from runs_conformance.report.records import severity

MOST = 5


class Watch:
    """Notes each cassette that is opened from `start` to `stop`."""

    def __init__(self) -> None:
        self._opened: list[tuple[Any, int]] = []
        self._original: Any = None

    def start(self) -> None:
        """ImportError if there is no vcrpy."""
        from vcr.cassette import Cassette  # noqa: PLC0415 - takes a while, and only marked tests need it

        original = self._original = Cassette.__dict__["load"]

        def opened(cls: Any, /, **arguments: Any) -> Any:
            cassette = original.__func__(cls, **arguments)
            self._opened.append((cassette, len(cassette.requests)))
            return cassette

        Cassette.load = classmethod(opened)

    def stop(self) -> None:
        if self._original is not None:
            from vcr.cassette import Cassette  # noqa: PLC0415

            Cassette.load = self._original
            self._original = None

    def used(self) -> list[tuple[str, Any, Any]]:
        """Path, request and response of each interaction that was played, or recorded now."""
        return [
            (str(cassette.path), *one)
            for cassette, loaded in self._opened
            for at, one in enumerate(zip(cassette.requests, cassette.responses, strict=True))
            if at >= loaded or cassette.play_counts[at]
        ]


def judge(
    watch: Watch, *, edition: str = "", base_url: str = "", select: Any = (), strict: bool = False
) -> str:
    """A sentence or more on what is wrong, "" if all that was used conforms.

    Using no recorded run traffic at all is wrong too: such a test would pass on nothing.
    """
    register = load()
    patterns = (select,) if isinstance(select, str) else tuple(select)
    chosen = register.select(patterns) if patterns else None
    inspector = Inspector(register, min(edition, NEWEST), base_url, chosen)
    for number, (path, request, response) in enumerate(watch.used(), 1):
        inspector.entry(_entry(f"{path}#{number}", request, response), path)
    inspector.close()
    return _told(inspector.outcome, strict)


def _entry(place: str, request: Any, response: Mapping[str, Any]) -> Recorded | Trouble:
    from runs_conformance.recordings.dialects import recorded  # noqa: PLC0415

    body = request.body
    sent = {
        "method": request.method, "uri": request.uri, "headers": _listed(request.headers),
        "body": body if isinstance(body, bytes | str) else None,
    }
    answer = {**response, "headers": _listed(response.get("headers") or {})}
    try:
        return recorded({"request": sent, "response": answer}, place)
    except UnreadableError as error:
        return Trouble(place, str(error))


def _listed(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Some of vcrpy's stubs keep tuples."""
    return {str(name): list(one) if isinstance(one, tuple) else one for name, one in headers.items()}


def _told(outcome: Outcome, strict: bool) -> str:
    if not outcome.judged:
        others = "".join(f"; {count} {kind}" for kind, count in outcome.others.items())
        seen = f"{outcome.recorded} recorded calls{others}"
        return f"the test used no recorded call of the Assistants API ({seen}): nothing was judged"
    rows = outcome.tally.register
    lines = [
        f"{row} at {one.exchange} {one.where}: expected {' or '.join(one.expected)}, saw {one.actual}"
        for row, found in outcome.tally.failures.items() if severity(rows[row].level, strict) == "failure"
        for one in found[:1]
    ]
    lines += [f"could not be read: {one.place}: {one.text}" for one in outcome.troubles]
    more = [f"and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return "\n".join([*lines[:MOST], *more])
