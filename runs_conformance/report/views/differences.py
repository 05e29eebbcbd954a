"""A comparison as text, Markdown, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from runs_conformance.report.comparing import KINDS, LESS, WORDS, WORSE, Change, Comparison
from runs_conformance.report.records import to_record
from runs_conformance.report.text import escape, paint, shorten, wrap
from runs_conformance.report.views.markdown import code, plain
from runs_conformance.report.views.words import OUTCOMES, seen

_STYLES = {"broken": "bad", "new-broken": "bad", "gone": "warn", "fixed": "good", "new": "good"}
LONGEST = 240


def text(found: Comparison, width: int = 80, colour: bool = False) -> str:
    return "\n".join([*_text(found, max(60, min(width, 110)), colour), ""])


def _text(found: Comparison, width: int, colour: bool) -> Iterator[str]:
    yield from wrap(f"{escape(found.old.target)} -> {escape(found.new.target)}", width)
    for note in found.notes:
        yield from wrap(f"differs in {escape(note)}", width, "  ")
    for kind in KINDS:
        changes = found.of(kind)
        if changes:
            yield ""
            yield paint(f"{WORDS[kind]}: {len(changes)}", _STYLES[kind], colour)
        for each in changes:
            yield from wrap(f"{each.id} {each.level}: {escape(_told(each))}", width, "  ", "      ")
    yield ""
    yield from wrap(counts(found), width)
    yield from wrap(conclusion(found), width)


def counts(found: Comparison) -> str:
    told = ", ".join(f"{len(found.of(kind))} {kind}" for kind in KINDS)
    same = f"{found.same_good} passed, {found.same_bad} not, {found.undecided} not decided"
    return f"{told}; as before: {same}."


def conclusion(found: Comparison) -> str:
    """The exit code in words."""
    code = found.exit_code
    if code == WORSE:
        return "WORSE (exit 1): something is broken that was not."
    if code == LESS:
        return "LESS (exit 3): nothing is worse, but something was decided before and is not any more."
    return "NOT WORSE (exit 0)."


def _told(change: Change) -> str:
    old = OUTCOMES[change.old.outcome] if change.old else "no such requirement"
    new = OUTCOMES[change.new.outcome] if change.new else "no such requirement"
    why = change.new if change.kind != "fixed" else change.old
    detail = shorten(seen(why), LONGEST) if why else ""
    return f"{old} -> {new}" + (f"; {detail}" if detail else "")


def markdown(found: Comparison) -> str:
    title = f"## {code(found.old.target)} → {code(found.new.target)}\n"
    lines = [title, f"{plain(conclusion(found))} {counts(found)}\n"]
    lines += [f"- differs in {plain(note)}" for note in found.notes]
    for kind in KINDS:
        changes = found.of(kind)
        if changes:
            lines.append(f"\n### {WORDS[kind]}: {len(changes)}\n")
            lines += [f"- {code(each.id)} {each.level}: {plain(_told(each))}" for each in changes]
    return "\n".join(lines) + "\n"


def as_json(found: Comparison) -> str:
    """`old` and `new` headers, `exit_code`, counts, and a list of changes for each kind."""
    made = {
        "old": to_record("header", found.old), "new": to_record("header", found.new),
        "exit_code": found.exit_code, "differs_in": list(found.notes),
        "same": {"passed": found.same_good, "not_passed": found.same_bad, "undecided": found.undecided},
        **{kind: [_plain(each) for each in found.of(kind)] for kind in KINDS},
    }
    return json.dumps(made, indent=1) + "\n"


def _plain(change: Change) -> dict[str, object]:
    old, new = change.old, change.new
    return {
        "id": change.id, "level": change.level, "old": str(old.outcome) if old else None,
        "new": str(new.outcome) if new else None, "old_seen": seen(old) if old else "",
        "new_seen": seen(new) if new else "",
    }
