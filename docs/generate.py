"""Write the generated pages and tables of docs: `python docs/generate.py`.

The register becomes docs/reference/requirements.md, the schema of results docs/reference/results.md, the
capabilities and the ready profiles tables in docs/profile.md. A test
(tests/test_docs_generated.py) demands that they are up to date.
"""

import json
import re
from pathlib import Path

from runs_conformance.contract.capabilities import MEANING
from runs_conformance.contract.register import CHAPTERS, NEWEST, OLDEST, Requirement, load
from runs_conformance.paths import PROFILES, SCHEMAS

HERE = Path(__file__).resolve().parent
NOTICE = "<!-- Written by docs/generate.py; change the register, the schema or the profiles instead. -->\n"


def cell(text: object) -> str:
    """Text in a table's cell."""
    return re.sub(r"([|*_<\[\]])", r"\\\1", " ".join(str(text).split()))


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def requirements() -> str:
    register = load()
    parts = [NOTICE, "# Requirements\n\n", f"{len(register)} requirements, editions {OLDEST} to {NEWEST}. "]
    parts.append("`runs-conformance list --full ID` prints one with its evidence and notes.\n")
    for chapter in CHAPTERS:
        rows = [row for row in register if row.chapter == chapter]
        head = ["id", "level", "requirement", "holds", "source"]
        shown = table(head, [_row(row) for row in rows])
        parts.append(f"\n## {chapter.capitalize()}: {len(rows)}\n\n{shown}")
    return "".join(parts)


def _row(row: Requirement) -> list[str]:
    dates = [f"since {row.since}" if row.since else "", f"until {row.until}" if row.until else ""]
    needs = [f"with {row.capability}" if row.capability else "", row.excluded and f"not seen: {row.excluded}"]
    holds = ", ".join(part for part in (*dates, *needs) if part)
    number = f" ({row.rq})" if row.rq else ""
    return [f"`{row.id}`{number}", row.level, cell(row.statement), cell(holds), cell(row.source)]


def results() -> str:
    schema = json.loads((SCHEMAS / "result_line.json").read_text("utf-8"))
    kinds = schema["properties"]["kind"]["enum"]
    parts = [NOTICE, "# The results file\n\n", f"{schema['title']}. {schema['description']}\n\n"]
    parts.append("One JSON object a line; `kind` says which. The schema is `schemas/result_line.json`.\n")
    for name in (*kinds, *(each for each in schema["$defs"] if each not in kinds)):
        part = schema["$defs"][name]
        if "properties" in part:
            parts.append(f"\n## {name}\n\n{part.get('description', '')}\n\n{_fields(part)}")
    return "".join(parts)


def _fields(part: dict) -> str:
    needed = part.get("required", [])
    rows = [
        [f"`{name}`", _type(value), "yes" if name in needed else "", cell(_description(value))]
        for name, value in part["properties"].items() if name != "kind"
    ]
    return table(["field", "type", "always", "meaning"], rows)


def _description(value: dict) -> str:
    return value.get("description", "")


def _type(value: dict) -> str:
    if "enum" in value:
        return cell(", ".join(map(json.dumps, value["enum"])))
    if "const" in value:
        return cell(json.dumps(value["const"]))
    if "$ref" in value:
        return value["$ref"].rpartition("/")[2]
    kind = value.get("type", "any")
    inner = f" of {_type(value['items'])}" if kind == "array" and "items" in value else ""
    return cell((" or ".join(kind) if isinstance(kind, list) else kind) + inner)


def capabilities() -> str:
    return table(["Capability", "Is"], [[f"`{name}`", cell(text)] for name, text in MEANING.items()])


def ready_profiles() -> str:
    rows = [
        [f"`{file.stem}`", cell(file.read_text("utf-8").partition("\n")[0].removeprefix("# "))]
        for file in sorted(PROFILES.glob("*.toml"))
    ]
    return table(["Profile", "For"], rows)


def filled(page: str) -> str:
    """The profile page with its tables between their marks."""
    for name, text in (("capabilities", capabilities()), ("ready-profiles", ready_profiles())):
        begin, end = f"<!-- generated: {name} -->\n", "<!-- end -->"
        before, found, rest = page.partition(begin)
        if not found:
            raise ValueError(f"docs/profile.md lacks the mark {begin.strip()}")
        page = f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    return page


def pages() -> dict[Path, str]:
    """Each generated file and what it must hold."""
    profile = HERE / "profile.md"
    return {
        HERE / "reference" / "requirements.md": requirements(),
        HERE / "reference" / "results.md": results(),
        profile: filled(profile.read_text("utf-8")),
    }


if __name__ == "__main__":
    for file, content in pages().items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, "utf-8")
        print(file.relative_to(HERE.parent))
