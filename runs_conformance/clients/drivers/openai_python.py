"""Driver for openai-python 1, 2 and 3: polled, streamed event by event, and by the stream helper."""

import warnings

import openai
from lineprotocol import serve

warnings.simplefilter("ignore")


def client_of(task):
    return openai.OpenAI(base_url=task["base_url"], api_key=task["key"], timeout=task["timeout"])


def settings(task):
    given = {name: task[name] for name in ("model", "tools") if task.get(name) is not None}
    return {"assistant_id": task["assistant_id"], **given}


def thread_of(client, task):
    return client.beta.threads.create(messages=[{"role": "user", "content": task["text"]}]).id


def outputs(ids, task):
    return [{"tool_call_id": each, "output": task["output"]} for each in ids]


def poll(task, report):
    client = client_of(task)
    runs = client.beta.threads.runs
    thread = thread_of(client, task)
    run = runs.create_and_poll(thread_id=thread, **settings(task), poll_interval_ms=20)
    while ids := report.run(run):
        run = runs.submit_tool_outputs_and_poll(
            tool_outputs=outputs(ids, task), run_id=run.id, thread_id=thread, poll_interval_ms=20,
        )
    report.run(run)
    for message in client.beta.threads.messages.list(thread, order="asc"):
        if message.role == "assistant":
            report.message(message)


def read(events, report):
    """The run that the events end with; what waits for outputs. Read to the end, as users do."""
    run, ids = None, []
    for event in events:
        report.events += 1
        name, data = event.event, getattr(event, "data", None)
        if name == "thread.message.delta":
            for part in data.delta.content or []:
                if part.type == "text":
                    report.texts.append(part.text.value or "")
                elif part.type == "refusal":
                    report.refusals.append(part.refusal or "")
        elif name and name.startswith("thread.run.") and ".step." not in name:
            run = data
            ids = report.run(run)
    return run, ids


def stream(task, report):
    client = client_of(task)
    runs = client.beta.threads.runs
    thread = thread_of(client, task)
    run, ids = read(runs.create(thread_id=thread, **settings(task), stream=True), report)
    while ids:
        again = runs.submit_tool_outputs(
            run.id, thread_id=thread, tool_outputs=outputs(ids, task), stream=True,
        )
        run, ids = read(again, report)


class Handler(openai.AssistantEventHandler):
    """Counts the events and keeps the texts that its users are shown."""

    def __init__(self, report):
        super().__init__()
        self.report = report

    def on_event(self, _event):
        self.report.events += 1

    def on_text_delta(self, delta, _snapshot):
        self.report.texts.append(delta.value or "")

    def on_message_done(self, message):
        for part in message.content:
            if part.type == "refusal":
                self.report.refusals.append(part.refusal)


def helper(task, report):
    client = client_of(task)
    runs = client.beta.threads.runs
    thread = thread_of(client, task)
    with runs.stream(thread_id=thread, **settings(task), event_handler=Handler(report)) as events:
        events.until_done()
        run = events.get_final_run()
    while ids := report.run(run):
        again = runs.submit_tool_outputs_stream(
            run_id=run.id, thread_id=thread, tool_outputs=outputs(ids, task), event_handler=Handler(report),
        )
        with again as events:
            events.until_done()
            run = events.get_final_run()
    report.run(run)


if __name__ == "__main__":
    serve("openai-python", openai.__version__, {"poll": poll, "stream": stream, "helper": helper})
