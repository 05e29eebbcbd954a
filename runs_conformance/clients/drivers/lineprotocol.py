"""The line protocol for drivers in Python: a JSON object a line on stdin, one on stdout.

A driver calls `serve(client, version, uses)`; `uses` maps the name of a use to a function of the task that
fills a Report. Standard library only. See docs/clients.md for the members of a task and of a report.
"""

import json
import sys
import traceback
from collections.abc import Mapping


class Report:
    """What the client made of a task so far; an exception adds the error to it."""

    def __init__(self):
        self.texts = []
        self.refusals = []
        self.calls = []
        self.events = 0
        self.status = None
        self.last_error = None
        self.incomplete = None

    def run(self, run):
        """Note a run object of the client's (attributes, or a dictionary)."""
        self.status = plain(get(run, "status")) or self.status
        self.last_error = plain(get(run, "last_error"))
        self.incomplete = plain(get(get(run, "incomplete_details"), "reason"))
        action = get(get(run, "required_action"), "submit_tool_outputs")
        new = [call(each) for each in get(action, "tool_calls") or ()]
        self.calls += [each for each in new if each not in self.calls]
        return [each["id"] for each in new]

    def message(self, message):
        for part in get(message, "content") or ():
            if get(part, "type") == "text":
                self.texts.append(get(get(part, "text"), "value"))
            elif get(part, "type") == "refusal":
                self.refusals.append(get(part, "refusal"))

    @property
    def document(self):
        return {
            "status": self.status, "text": "".join(map(str, filter(None, self.texts))),
            "refusal": "".join(map(str, filter(None, self.refusals))),
            "calls": self.calls, "events": self.events, "last_error": self.last_error,
            "incomplete": self.incomplete,
        }


def get(value, name):
    found = getattr(value, name, None) if not isinstance(value, Mapping) else value.get(name)
    return found if found is not None or isinstance(value, Mapping) else _member(value, name)


def _member(value, name):
    """Of models that are read like dictionaries without being any."""
    try:
        return value[name]
    except (KeyError, TypeError, IndexError, AttributeError):
        return None


def plain(value):
    """JSON of a client's object; an enumeration is its value."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return getattr(value, "value", value)
    if isinstance(value, dict):
        return {str(key): plain(held) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(held) for held in value]
    for name in ("model_dump", "as_dict", "to_dict"):
        if hasattr(value, name):
            return plain(getattr(value, name)())
    return getattr(value, "value", None) or str(value)


def call(value):
    function = get(value, "function")
    return {"id": get(value, "id"), "name": get(function, "name"), "arguments": get(function, "arguments")}


def error_of(error):
    """An exception as the client's users see it."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else {}
    inner = inner if isinstance(inner, dict) else {}
    status = getattr(error, "status_code", None)
    model = getattr(error, "error", None)  # azure-core keeps the code there
    return {
        "class": type(error).__name__, "message": str(error)[:2000],
        "status": status if isinstance(status, int) else None,
        "code": plain(getattr(error, "code", None) or inner.get("code") or get(model, "code")),
        "param": plain(getattr(error, "param", None) or inner.get("param")),
    }


def serve(client, version, uses):
    """Answer tasks until stdin ends."""
    out, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not look like an answer

    def say(document):
        out.write(json.dumps(document) + "\n")
        out.flush()

    say({"hello": {"client": client, "version": version, "uses": list(uses)}})
    for line in sys.stdin:
        task = json.loads(line)
        report = Report()
        try:
            if task["use"] not in uses:
                say({"task": task["task"], "outcome": "unsupported"})
                continue
            uses[task["use"]](task, report)
            say({"task": task["task"], "outcome": "ended", **report.document})
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            say({"task": task["task"], "outcome": "error", "error": error_of(error), **report.document})
