"""What a fault's row rests on, as a hash: a change that can't move the row leaves the hash as it is.

Two parts. The engine is what sends, judges and answers: `contract`, `stimuli`, `stories`, `target`, the
suites, the schemas, the register's fields that decide, the reference target without its faults, and the
modules beside them that a check runs through. It can't be cut further: any check may speak about any answer,
and what was found decides what is sent next. The fault's own part is its function or table row and whatever
of the catalogue that uses.

Python is hashed as a syntax tree without docstrings, so that neither comments nor layout count; a tree is
written in a form that no version of Python changes.
"""

from __future__ import annotations

import ast
import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from runs_conformance.reference.faults.record import Fault

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "runs_conformance"
FAULTS: Final = PACKAGE / "reference" / "faults"
FOLDERS: Final = ("contract", "stimuli", "stories", "target")
# Beside the folders. Options, the plugin, the session and the reports carry a check and its findings, and
# decide neither.
MODULES: Final = (
    "exploring", "frozen", "live", "machine", "packing", "scenes", "suite", "report/summary",
    "fuzzing/beyond", "fuzzing/hostile", "fuzzing/internals", "fuzzing/living", "fuzzing/oddities",
)  # fmt: skip
# Of a row of the register; its sentences and sources change nothing.
DECIDING: Final = (
    "id", "level", "since", "until", "capability", "observable", "resource", "answer", "request",
)  # fmt: skip
PROSE: Final = frozenset({"description", "title", "$comment"})


def key(fault: Fault, wanted: Iterable[str]) -> str:
    """`engine/own`, two hashes: of what all rows rest on, and of the fault."""
    return f"{engine()}/{_hash([fault.name, *wanted, *own(fault)])}"


def engine_files() -> list[Path]:
    files = [path for name in FOLDERS for path in sorted((PACKAGE / name).rglob("*.py"))]
    files += [PACKAGE / f"{name}.py" for name in MODULES]
    files += sorted((PACKAGE / "reference").glob("*.py"))
    return files + sorted((ROOT / "suites").glob("*.py"))


@cache
def engine() -> str:
    """The hash of what all rows rest on."""
    trees = [f"{path.relative_to(ROOT).as_posix()} {written(_tree(path))}" for path in engine_files()]
    return _hash([*trees, *_register(), *_schemas()])


def _register() -> Iterator[str]:
    for path in sorted((ROOT / "suites" / "register").glob("*.toml")):
        rows = tomllib.loads(path.read_text("utf-8"))["requirement"]
        yield json.dumps([[row.get(name) for name in DECIDING] for row in rows])


def _schemas() -> Iterator[str]:
    for path in sorted((ROOT / "schemas").glob("*.json")):
        yield f"{path.name} {json.dumps(_bare(json.loads(path.read_text('utf-8'))))}"


def _bare(document: Any) -> Any:
    """A schema without its prose; the order of keys stays, for cases are derived in it."""
    if isinstance(document, dict):
        return {
            name: _bare(held)
            for name, held in document.items()
            if name not in PROSE or not isinstance(held, str)
        }
    return [_bare(held) for held in document] if isinstance(document, list) else document


def own(fault: Fault) -> list[str]:
    """What of the catalogue a fault is made of, in a fixed order."""
    if fault.site is not None:
        return _derived()
    module = _modules()[fault.name]
    start = _origin(module, fault)
    rows = isinstance(start, ast.Tuple)
    loops = [node for node in _tree(FAULTS / f"{module}.py").body if rows and isinstance(node, ast.For)]
    return sorted({written(node) for node in [start, *loops, *_reached(module, start)]})


@cache
def _derived() -> list[str]:
    tree = _tree(FAULTS / "derived.py")
    return sorted({written(node) for node in [tree, *_reached("derived", tree)]})


@cache
def _modules() -> dict[str, str]:
    """The module of each fault that is written by hand."""
    from runs_conformance.reference.faults import catalogue  # noqa: PLC0415
    from runs_conformance.reference.faults.record import Kind  # noqa: PLC0415

    return {
        fault.name: module.__name__.rpartition(".")[2]
        for module in vars(catalogue).values() if hasattr(module, "__file__")
        for kind in vars(module).values() if isinstance(kind, Kind)
        for fault in kind.faults
    }  # fmt: skip


def _origin(module: str, fault: Fault) -> ast.AST:
    """The function, table row or call that the fault is written in."""
    name = fault.name.partition(".")[2]
    body = _tree(FAULTS / f"{module}.py").body
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name.replace("_", "-") == name and node.decorator_list:
            return node
    for part in (part for statement in body for part in ast.walk(statement)):
        if isinstance(part, ast.Tuple | ast.Call) and _begins(part, name):
            return part
    return _tree(FAULTS / f"{module}.py")


def _begins(node: ast.Tuple | ast.Call, name: str) -> bool:
    parts = node.elts if isinstance(node, ast.Tuple) else node.args
    return bool(parts) and isinstance(parts[0], ast.Constant) and parts[0].value == name


def _reached(module: str, start: ast.AST) -> list[ast.AST]:
    """The statements of the catalogue that a node uses, by the names that it reads."""
    found: dict[int, ast.AST] = {}
    waiting = [(module, name) for name in _reads(start)]
    asked: set[tuple[str, str]] = set()
    while waiting:
        where, name = waiting.pop()
        if (where, name) in asked:
            continue
        asked.add((where, name))
        place, node = _defined(where, name)
        if node is not None and id(node) not in found:
            found[id(node)] = node
            waiting += [(place, one) for one in _reads(node)]
    return list(found.values())


def _reads(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _defined(module: str, name: str) -> tuple[str, ast.AST | None]:
    """Where of the catalogue a name is defined, and by which statement; None for what lies outside of it."""
    for node in _tree(FAULTS / f"{module}.py").body:
        if isinstance(node, ast.ImportFrom) and any((one.asname or one.name) == name for one in node.names):
            real = next(one.name for one in node.names if (one.asname or one.name) == name)
            inner = (node.module or "").removeprefix("runs_conformance.reference.faults.")
            return _defined(inner, real) if (FAULTS / f"{inner}.py").exists() else (module, None)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return module, node
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in _targets(node):
            return module, node
    return module, None


def _targets(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def written(node: Any) -> str:
    """A syntax tree as text: types and what they hold, without what is empty, without docstrings."""
    if isinstance(node, ast.AST):
        fields = ((name, _bodied(node, name, held)) for name, held in ast.iter_fields(node))
        held = ",".join(f"{name}={written(value)}" for name, value in fields if value not in (None, []))
        return f"{type(node).__name__}({held})"
    if isinstance(node, list):
        return "[" + ",".join(written(one) for one in node) + "]"
    return repr(node)


def _bodied(node: ast.AST, name: str, held: Any) -> Any:
    if name in {"ctx", "kind", "type_comment", "type_params"}:
        return None
    if isinstance(node, ast.JoinedStr):  # Python 3.12 alone ends some with an empty text
        return [one for one in held if not (isinstance(one, ast.Constant) and one.value == "")]
    documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    if name == "body" and documented and ast.get_docstring(node, clean=False) is not None:  # type: ignore[arg-type]
        return held[1:]
    return held


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:10]
