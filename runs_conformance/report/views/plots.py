"""Geometry of a soak's plots: percentiles over time and how times are spread. Pure numbers for SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from runs_conformance.report.load import milliseconds
from runs_conformance.report.records import Latency

WIDTH: Final = 340
HEIGHT: Final = 120
LEFT: Final = 52
BOTTOM: Final = 18
TOP: Final = 8
_INNER: Final = HEIGHT - TOP - BOTTOM


@dataclass(frozen=True, slots=True)
class Label:
    x: float
    y: float
    text: str
    end: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """A title, two lines (as points of a polyline) or bars (x, y, width, height), and labels."""

    title: str
    describes: str
    median: str = ""
    tail: str = ""
    bars: tuple[tuple[float, float, float, float], ...] = ()
    labels: tuple[Label, ...] = ()


def plots(latencies: Sequence[Latency]) -> tuple[Plot, ...]:
    """For each measure of each operation a pair: over time, and spread."""
    return tuple(plot for one in latencies if one.count for plot in (over_time(one), spread(one)))


def over_time(one: Latency) -> Plot:
    """Median and 95th percentile of each window; both axes begin at 0."""
    last = max((each[0] for each in one.over), default=0.0) or 1.0
    highest = max((each[3] for each in one.over), default=0.0) or 1e-6
    places = [(LEFT + each[0] / last * (WIDTH - LEFT - 8), each[2], each[3]) for each in one.over]
    name = f"{one.measure}, {one.what}"
    return Plot(
        f"{name}: over time",
        f"{name}: median and 95th percentile over {last:,.0f} seconds, up to {milliseconds(highest)} ms",
        median=_line((x, low / highest) for x, low, _ in places),
        tail=_line((x, high / highest) for x, _, high in places),
        labels=(
            Label(LEFT - 4, TOP + 8, f"{milliseconds(highest)} ms", end=True),
            Label(LEFT - 4, TOP + _INNER, "0", end=True),
            Label(LEFT, HEIGHT - 5, "0 s"),
            Label(WIDTH - 8, HEIGHT - 5, f"{last:,.0f} s", end=True),
        ),
    )


def spread(one: Latency) -> Plot:
    """How often which time, times on a logarithmic axis."""
    bounds = [bound for bound, _ in one.spread]
    low, high = (math.log(max(1e-6, one)) for one in (min(bounds), max(bounds)))
    most, room = max(count for _, count in one.spread), WIDTH - LEFT - 12
    wide = max(2.0, room / 64)
    bars = tuple(
        (
            round(
                LEFT + (0.5 if high == low else (math.log(max(bound, 1e-6)) - low) / (high - low)) * room, 1
            ),
            round(TOP + _INNER * (1 - count / most), 1),
            round(wide, 1),
            round(_INNER * count / most, 1),
        )
        for bound, count in one.spread
    )
    name = f"{one.measure}, {one.what}"
    return Plot(
        f"{name}: spread",
        f"{name}: {one.count:,} times, {milliseconds(one.least)} to {milliseconds(one.most)} ms, logarithmic",
        bars=bars,
        labels=(
            Label(LEFT - 4, TOP + 8, f"{most:,}", end=True),
            Label(LEFT, HEIGHT - 5, f"{milliseconds(min(bounds))} ms"),
            Label(WIDTH - 8, HEIGHT - 5, f"{milliseconds(max(bounds))} ms", end=True),
        ),
    )


def _line(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{TOP + _INNER * (1 - share):.1f}" for x, share in points)
