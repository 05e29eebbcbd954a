"""The generated pages are what docs/generate.py would write today."""

import importlib.util
from pathlib import Path

import pytest

from runs_conformance.contract.register import load

SCRIPT = Path(__file__).resolve().parent.parent / "docs" / "generate.py"
spec = importlib.util.spec_from_file_location("generate", SCRIPT)
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)
PAGES = generate.pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_generated_page_is_up_to_date(page):
    assert page.read_text("utf-8") == PAGES[page], "run: python docs/generate.py"


def test_every_requirement_stands_in_the_reference():
    text = PAGES[SCRIPT.parent / "reference" / "requirements.md"]
    assert all(f"| `{row.id}`" in text for row in load())


def test_a_page_without_its_mark_is_told():
    with pytest.raises(ValueError, match="lacks the mark"):
        generate.filled("# no marks here\n")
