"""Contract suite for creating runs: what is asked, sent, answered and judged."""

__version__ = "0.1.0"
