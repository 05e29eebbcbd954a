"""`python -m runs_conformance` is the command."""

from runs_conformance.cli import main

raise SystemExit(main())
