"""What a soak comes to: the verdict of `check` on what was seen, and the load beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from runs_conformance.contract.findings import passed
from runs_conformance.options import Chosen
from runs_conformance.report.load import told
from runs_conformance.report.records import Gap, Latency, Load, Record
from runs_conformance.report.saved import Recorder
from runs_conformance.report.summary import Summary
from runs_conformance.session import Verdicts, redactor
from runs_conformance.soaking.judging import Harvest
from runs_conformance.soaking.spreads import LEAST, MEASURES, PERCENTILES, STEP, Spread, Times

# Points of a line over time, bars of a distribution.
POINTS: Final = 60


class SoakVerdicts(Verdicts):
    """Verdicts whose cases were counted elsewhere: only failures were kept one by one."""

    harvest: Harvest | None = None
    load: Load | None = None
    latencies: tuple[Latency, ...] = ()

    def gathered(self, harvest: Harvest, processor: float | None) -> None:
        """All that was seen; `processor` are the seconds of a target that we started ourselves."""
        self.harvest = harvest
        recorder = recorder_of(self.chosen)
        made: list[Record] = [recorder.finding(passed(row)) for row in sorted(harvest.passed)]
        made += [{"kind": "note", "text": text} for over in harvest.over for text in over.notes]
        requests, runs = sum(one.requests for one in harvest.over), sum(one.runs for one in harvest.over)
        self.take(made, (requests, runs), "", done=True, what="")
        self.load = load_of(harvest, processor)
        self.latencies = tuple(latencies(harvest.times))
        self._writer.load(self.load)
        for each in self.latencies:
            self._writer.latency(each)

    def _summary(self, gaps: Sequence[Gap]) -> Summary:
        made = super()._summary(gaps)
        harvest = self.harvest
        if harvest is None:
            return made
        counted = tuple(
            replace(each, passed=harvest.passed[each.id], failed=max(each.failed, harvest.failed[each.id]))
            for each in made.verdicts
        )
        return replace(made, verdicts=counted)

    def text(self, width: int, colour: bool) -> str:
        shown = super().text(width, colour)
        return shown if self.load is None else told(self.load, self.latencies) + "\n" + shown


def recorder_of(chosen: Chosen) -> Recorder:
    return Recorder(chosen.register, chosen.strict, redactor(chosen.profile), chosen.profile.key_env)


def load_of(harvest: Harvest, processor: float | None) -> Load:
    traffic = sum(one.cpu for one in harvest.over)
    return Load(
        users=sum(one.users for one in harvest.over),
        workers=len(harvest.over),
        seconds=round(max((one.seconds for one in harvest.over), default=0.0), 3),
        exchanges=harvest.exchanges,
        events=harvest.events,
        stories=dict(sorted(harvest.stories.items())),
        traffic_cpu=round(traffic, 3),
        judging_cpu=round(harvest.judging, 3),
        target_cpu=None if processor is None else round(processor, 3),
        waited=round(sum(one.waited for one in harvest.over), 3),
    )


def latencies(times: Times) -> Iterator[Latency]:
    """Each measure and operation, the measures in their order."""
    for measure in MEASURES:
        for key in sorted(one for one in times.whole if one[0] == measure):
            yield _latency(key, times.whole[key], _merged(times, key))


def _latency(key: tuple[str, str], whole: Spread, over: list[tuple[float, Spread]]) -> Latency:
    return Latency(
        measure=key[0],
        what=key[1],
        count=whole.count,
        mean=_s(whole.total / max(1, whole.count)),
        least=_s(whole.least),
        most=_s(whole.most),
        percentiles={f"{percent:g}": _s(whole.percentile(percent)) for percent in PERCENTILES},
        over=tuple(
            (at, part.count, _s(part.percentile(50)), _s(part.percentile(95)), _s(part.most))
            for at, part in over
        ),
        spread=tuple(_bars(whole)),
    )


def _merged(times: Times, key: tuple[str, str]) -> list[tuple[float, Spread]]:
    """At most POINTS windows, by joining neighbours; with the second at which each begins."""
    parts = times.windows[key]
    wide = -(-(max(parts) + 1) // POINTS)
    made: dict[int, Spread] = {}
    for place, part in sorted(parts.items()):
        made.setdefault(place // wide, Spread()).add(part)
    return [(round(place * wide * times.window, 3), part) for place, part in made.items()]


def _bars(whole: Spread) -> Iterator[tuple[float, int]]:
    """Counts by upper bound (seconds), steps joined so that there are at most POINTS."""
    low, high = min(whole.steps), max(whole.steps)
    wide = (high - low) // POINTS + 1
    joined: dict[int, int] = {}
    for step, count in whole.steps.items():
        place = (step - low) // wide
        joined[place] = joined.get(place, 0) + count
    for place in sorted(joined):
        yield _s(LEAST * STEP ** (low + (place + 1) * wide - 1)), joined[place]


def _s(seconds: float) -> float:
    """Seconds to the microsecond."""
    return round(seconds, 6)
