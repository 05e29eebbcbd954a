"""Longer scenes.

Tool outputs, locks, cancelling, limits, expiry, and the same streamed. One run each, judged by many rows.

What a real model does can't be scripted, so each story takes the way that the contract forces (a forced tool,
a token limit) and goes on by what it sees; what did not come about is not judged.
"""

from __future__ import annotations

from runs_conformance.scenes import SCENES
from runs_conformance.stories.special import bare_assistant, expiring, failing, hosted
from runs_conformance.stories.streams import (
    cancelled,
    closed_early,
    refused_streams,
    streamed_both,
    streamed_limit,
    streamed_text,
    streamed_tools,
)
from runs_conformance.stories.telling import FORCED, STOPPED, asking, calls_of, last_run
from runs_conformance.stories.tools import lists, race, tool_run

__all__ = ["FORCED", "STOPPED", "asking", "calls_of", "last_run"]

SCENES.update({
    "bare": bare_assistant, "hosted": hosted, "failing": failing, "expiring": expiring,
    "tools": tool_run, "lists": lists, "race": race, "stream": streamed_text, "stream-both": streamed_both,
    "stream-tools": streamed_tools, "stream-limit": streamed_limit, "closed-early": closed_early,
    "refused-streams": refused_streams, "stream-cancelled": cancelled,
})
