"""A soak's load as text: what was sent, what judging cost, and how long the target took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from runs_conformance.report.records import Latency, Load
from runs_conformance.report.text import escape

SHOWN: Final = ("50", "90", "95", "99", "99.9")


HEADS: Final = ("milliseconds", "count", "mean", *(f"p{one}" for one in SHOWN), "longest")


def summary(load: Load) -> tuple[str, ...]:
    """Sentences about the load."""
    rate = load.exchanges / load.seconds if load.seconds else 0.0
    several = f" in {load.workers} processes" if load.workers > 1 else ""
    counted = ", ".join(f"{name} {count:,}" for name, count in load.stories.items())
    told = [
        (
            f"{load.users:,} users{several}, {load.seconds:,.0f} s: {load.exchanges:,} exchanges "
            f"({rate:,.0f} a second), {load.events:,} events, all judged."
        ),
        f"Stories: {counted}.",
        cost(load),
    ]
    if load.waited >= 1:
        told.append(
            f"Users waited {load.waited:,.0f} s, all together, for the judge to catch up (not part of any "
            "time below)."
        )
    return tuple(told)


def cost(load: Load) -> str:
    """Judging against the traffic, in processor time."""
    target = "" if load.target_cpu is None else f", the target {load.target_cpu:,.1f} s"
    against = f"{load.ratio:.2f} of sending"
    if load.target_cpu is not None and load.traffic_cpu + load.target_cpu:
        against += f", {load.judging_cpu / (load.traffic_cpu + load.target_cpu):.2f} of sending and answering"
    return (
        f"Processor time: judging {load.judging_cpu:,.1f} s, sending {load.traffic_cpu:,.1f} s{target}; "
        f"judging is {against}."
    )


def told(load: Load, latencies: Sequence[Latency]) -> str:
    """The sentences and the table of percentiles."""
    rows = [HEADS, *(cells(each) for each in latencies)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join((*summary(load), "", *(_aligned(row, widths) for row in rows), ""))


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """The first cell to the left, numbers to the right."""
    first, *numbers = row
    return "  ".join((first.ljust(widths[0]), *map(str.rjust, numbers, widths[1:])))


def cells(one: Latency) -> tuple[str, ...]:
    """A row of the table, times in milliseconds."""
    times = (one.mean, *(one.percentiles.get(name, 0.0) for name in SHOWN), one.most)
    return (escape(f"{one.measure}, {one.what}"), f"{one.count:,}", *map(milliseconds, times))


def milliseconds(seconds: float) -> str:
    """Three digits that mean something."""
    value = seconds * 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
