"""Where the data files are: beside the package in a checkout, inside it once installed."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


SCHEMAS: Final = data_folder("schemas")
SUITES: Final = data_folder("suites")
CASSETTES: Final = data_folder("cassettes")
PROFILES: Final = data_folder("profiles")
