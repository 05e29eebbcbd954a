"""Fuzzing: schemathesis makes the cases, our client sends them, our checks judge the answers."""
