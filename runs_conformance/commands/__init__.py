"""The further commands, a module each: `add(commands)` declares its options and sets `run`.

Importing one must cost next to nothing (start-up is measured): what is heavy is imported when the command
runs.
"""

from __future__ import annotations

from typing import Final

# Names of modules in this folder, in the order of the help text.
COMMANDS: Final[tuple[str, ...]] = (
    # one a line
    "inspect",
    "openapi",
    "fuzz",
    "report",
    "compare",
    "matrix",
    "probe",
    "watch",
    "clients",
    "soak",
)
