"""A profile as TOML, drafted from what a probe found, with the reasons as comments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import tomlkit
from tomlkit.items import Table

from runs_conformance.contract.capabilities import MEANING
from runs_conformance.probing import Answer
from runs_conformance.target.profile import Profile, Secret

_HEAD: Final = (
    "Drafted by `runs-conformance probe`. Read it first: what stands under [absent] is not judged.",
)
_LAX: Final = (
    "What the contract refuses was not refused. That is a failure, and stays one; only if the target is not",
    "meant to refuse it at all, declare that by taking the # away.",
)


def draft(profile: Profile, answers: Iterable[Answer], given: Mapping[str, str]) -> str:
    """The profile's text; `given` holds headers and query as they were typed: a `${NAME}` stays one."""
    found = list(answers)
    made = tomlkit.document()
    for line in _HEAD:
        made.add(tomlkit.comment(line))
    made.add(tomlkit.nl())
    for name in ("base_url", "key_env", "auth_header", "model", "other_model", "assistant_id", "thread_id"):
        value = getattr(profile, name)
        if value is not None and value != getattr(Profile(), name):
            made.add(name, value)
    for name, entries in (("headers", profile.headers), ("query", profile.query)):
        if entries:
            made.add(name, _entries(entries, given))
    made.add("absent", _absent(found))
    return tomlkit.dumps(made)


def _entries(entries: Sequence[Secret], given: Mapping[str, str]) -> Table:
    """Headers or query; a secret that was typed in full becomes a variable's name."""
    made = tomlkit.table()
    for each in entries:
        typed = given.get(each.name, "")
        hidden = each.hidden and "${" not in typed
        variable = "".join(letter if letter.isalnum() else "_" for letter in each.name.upper())
        made.add(each.name, f"${{{variable}}}" if hidden else typed if "${" in typed else each.value)
        if hidden:
            made[each.name].comment(f"a secret: set the environment variable {variable}")
    return made


def _absent(answers: Sequence[Answer]) -> Table:
    made = tomlkit.table()
    for each in answers:
        if each.state == "absent":
            made.add(each.capability, each.reason)
            made[each.capability].comment(MEANING[each.capability])
    _comments(made, _LAX, [each for each in answers if each.state == "lax"], active=True)
    _comments(made, ("Could not be asked:",), [each for each in answers if each.state == "unknown"])
    _comments(made, ("Offered:",), [each for each in answers if each.state == "offered"])
    return made


def _comments(table: Table, head: Sequence[str], answers: Sequence[Answer], *, active: bool = False) -> None:
    if not answers:
        return
    table.add(tomlkit.nl())
    for line in head:
        table.add(tomlkit.comment(line))
    for each in answers:
        text = tomlkit.item(each.reason).as_string() if active else each.reason
        name = tomlkit.item(each.capability).as_string()
        table.add(tomlkit.comment(f"{name} = {text}" if active else f"{each.capability}: {text}"))
