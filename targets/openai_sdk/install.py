"""Make an environment with the vendor's Python SDK, pinned: `python targets/openai_sdk/install.py`.

It lies under build/openai_sdk; tests/test_watch_sdk.py uses it, and is skipped where it is absent.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE.parent.parent / "build" / "openai_sdk"


def main() -> int:
    """Exit 1 if a step of the installation fails; pip says why."""
    python = HOME / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--no-input", "--quiet"]
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(HOME)],
        [*pip, "-r", str(HERE / "requirements.txt")],
    )
    for step in steps:
        if subprocess.run(step, check=False).returncode:
            return 1
    print(f"openai for the tests: {python}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
