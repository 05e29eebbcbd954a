"""Fault x requirement: which requirements of the suite notice which fault of the reference target.

    python -m benchmarks.matrix             what is stale of matrix.jsonl, computed; the gates
    python -m benchmarks.matrix --help      the other ways to run it

`jobs` forks a process a check, `checking` checks one target in it, `sources` says what a fault's row rests
on, `table` holds the rows, `gates` demands, `costs` says which requests find most, `page` writes
docs/faults.md.
"""
