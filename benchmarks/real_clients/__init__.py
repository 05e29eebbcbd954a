"""Real clients: every driver through every scenario, and at targets that are wrong in ways that break some.

What was measured is the committed `table.json`; docs/real-clients.md is made from it, and tests hold the
dialects' verdicts against it.
"""
