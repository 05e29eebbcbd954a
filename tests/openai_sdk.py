"""What the vendor's SDK makes of scenarios, as JSON: `openai_sdk.py BASE_URL`, run where it is installed.

Ids and times differ from run to run; they are left out.
"""

import json
import sys
import warnings

import openai

warnings.simplefilter("ignore")
THREAD = {"messages": [{"role": "user", "content": "hello"}]}
POLLED = (
    "plain-text",
    "tool-call",
    "parallel-tool-calls",
    "failed",
    "incomplete",
    "cancelled",
    "busy-429",
    "refused",
)
STREAMED = (
    "plain-text",
    "many-deltas",
    "awkward-text",
    "error-mid-stream",
    "stream-cut",
    "bytes",
    "variation-gzip",
    "refused",
)


def scenario(name):
    return "asst_scenario_" + name.replace("-", "_")


def outputs(run):
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": call.function.name} for call in calls]


def texts(client, run):
    page = client.beta.threads.messages.list(run.thread_id)
    return [part.to_dict() for message in page for part in message.content]


def polled(client, name):
    runs = client.beta.threads.runs
    run = client.beta.threads.create_and_run_poll(
        assistant_id=scenario(name), thread=THREAD, poll_interval_ms=10
    )
    seen = [run.status]
    while run.status == "requires_action":
        given = outputs(run)
        run = runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=given, poll_interval_ms=10,
        )  # fmt: skip
        seen += [[one["output"] for one in given], run.status]
    return [*seen, texts(client, run)]


def streamed(client, name):
    seen = []
    with client.beta.threads.create_and_run(
        assistant_id=scenario(name), thread=THREAD, stream=True
    ) as stream:
        for event in stream:
            delta = getattr(event.data, "delta", None)
            seen.append(
                [event.event, delta.to_dict() if delta is not None else getattr(event.data, "status", None)]
            )
    return seen


def told(work, client, name):
    try:
        return work(client, name)
    except Exception as error:  # noqa: BLE001 - whatever it raises is what it makes of it
        return [type(error).__name__, getattr(error, "status_code", None), getattr(error, "body", None)]


def main():
    with openai.OpenAI(base_url=sys.argv[1], api_key="sk-the-key-of-the-sdk", max_retries=2) as client:
        found = {f"polled {name}": told(polled, client, name) for name in POLLED}
        found |= {f"streamed {name}": told(streamed, client, name) for name in STREAMED}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
