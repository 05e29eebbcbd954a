"""Driver for azure-ai-agents: polled by hand, and streamed.

The client asks for a token over https; a policy of ours gives the key in its place, and nothing else.
"""

import time

from azure.ai.agents import AgentsClient, __version__
from azure.ai.agents.models import AgentEventHandler
from azure.core.pipeline.policies import SansIOHTTPPolicy
from lineprotocol import get, plain, serve

WAITING = ("queued", "in_progress", "cancelling")


class Key(SansIOHTTPPolicy):
    def __init__(self, key):
        super().__init__()
        self.key = key

    def on_request(self, request):
        request.http_request.headers["Authorization"] = f"Bearer {self.key}"


class Nobody:
    """The client insists on a credential; the policy above is asked in its place."""

    def get_token(self, *_scopes, **_options):
        raise RuntimeError("no token is needed here")


def begin(task):
    client = AgentsClient(
        endpoint=task["base_url"], credential=Nobody(), authentication_policy=Key(task["key"]),
        read_timeout=task["timeout"],
    )
    thread = client.threads.create(messages=[{"role": "user", "content": task["text"]}])
    return client, thread.id


def outputs(ids, task):
    return [{"tool_call_id": each, "output": task["output"]} for each in ids]


def settled(client, thread, run):
    while plain(run.status) in WAITING:
        time.sleep(0.02)
        run = client.runs.get(thread_id=thread, run_id=run.id)
    return run


def settings(task):
    return {"tools": task["tools"]} if task.get("tools") else {}


def poll(task, report):
    client, thread = begin(task)
    run = client.runs.create(thread_id=thread, agent_id=task["assistant_id"], **settings(task))
    run = settled(client, thread, run)
    while ids := report.run(run):
        given = outputs(ids, task)
        run = client.runs.submit_tool_outputs(thread_id=thread, run_id=run.id, tool_outputs=given)
        run = settled(client, thread, run)
    report.run(run)
    for message in client.messages.list(thread_id=thread, order="asc"):
        if plain(message.role) in ("assistant", "agent"):
            report.message(message)


def read(handler, report):
    run, ids = None, []
    for name, data, _ in handler:
        report.events += 1
        if name == "thread.message.delta":
            report.texts.append(data.text)
            report.refusals += [get(part, "refusal") for part in data.delta.content or ()]
        elif name.startswith("thread.run.") and ".step." not in name:
            run = data
            ids = report.run(run)
        elif name == "error":
            raise RuntimeError(str(data))
    return run, ids


def stream(task, report):
    client, thread = begin(task)
    asked = {"thread_id": thread, "agent_id": task["assistant_id"], **settings(task)}
    with client.runs.stream(**asked, event_handler=AgentEventHandler()) as handler:
        run, ids = read(handler, report)
    while ids:
        handler = AgentEventHandler()
        given = outputs(ids, task)
        client.runs.submit_tool_outputs_stream(
            thread_id=thread, run_id=run.id, tool_outputs=given, event_handler=handler,
        )
        run, ids = read(handler, report)


if __name__ == "__main__":
    serve("azure-ai-agents", __version__, {"poll": poll, "stream": stream})
