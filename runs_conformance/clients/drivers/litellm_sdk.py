"""Driver for the LiteLLM SDK: run_thread, polled and streamed. It has no call to submit tool outputs."""

import importlib.metadata
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from lineprotocol import serve
from openai import AssistantEventHandler

litellm.telemetry = False


def where(task):
    return {
        "custom_llm_provider": "openai", "api_base": task["base_url"], "api_key": task["key"],
        "timeout": task["timeout"], "max_retries": 2,
    }


def begin(task):
    messages = [{"role": "user", "content": task["text"]}]
    thread = litellm.create_thread(messages=messages, **where(task)).id
    more = {"tools": task["tools"]} if task.get("tools") else {}
    return thread, {"thread_id": thread, "assistant_id": task["assistant_id"], **more, **where(task)}


def poll(task, report):
    thread, asked = begin(task)
    report.run(litellm.run_thread(**asked))
    listed = litellm.get_messages(thread_id=thread, **where(task))
    for message in reversed(list(listed.data)):
        if message.role == "assistant":
            report.message(message)


class Handler(AssistantEventHandler):
    """Counts the events and keeps the texts that its users are shown."""

    def __init__(self, report):
        super().__init__()
        self.report = report

    def on_event(self, event):
        self.report.events += 1
        if event.event == "thread.message.delta":
            for part in event.data.delta.content or []:
                if part.type == "refusal":
                    self.report.refusals.append(part.refusal or "")

    def on_text_delta(self, delta, _snapshot):
        self.report.texts.append(delta.value or "")


def stream(task, report):
    _, asked = begin(task)
    with litellm.run_thread(**asked, stream=True, event_handler=Handler(report)) as events:
        events.until_done()
        report.run(events.get_final_run())


if __name__ == "__main__":
    serve("litellm", importlib.metadata.version("litellm"), {"poll": poll, "stream": stream})
