"""Driver for LangChain's OpenAIAssistantRunnable, as an agent whose tools answer."""

import importlib.metadata
import json

from langchain_classic.agents.openai_assistant import OpenAIAssistantRunnable
from lineprotocol import serve
from openai import OpenAI


def invoke(task, report):
    client = OpenAI(base_url=task["base_url"], api_key=task["key"], timeout=task["timeout"])
    agent = OpenAIAssistantRunnable(
        client=client, assistant_id=task["assistant_id"], check_every_ms=20, as_agent=True,
    )
    more = {"tools": task["tools"]} if task.get("tools") else {}
    answer = agent.invoke({"content": task["text"], **more})
    while isinstance(answer, list):
        for action in answer:
            given = json.dumps(action.tool_input, ensure_ascii=False, separators=(",", ":"))
            report.calls.append({"id": action.tool_call_id, "name": action.tool, "arguments": given})
        outputs = [{"output": task["output"], "tool_call_id": each.tool_call_id} for each in answer]
        ids = {"run_id": answer[0].run_id, "thread_id": answer[0].thread_id}
        answer = agent.invoke({"tool_outputs": outputs, **ids})
    # It gives an answer for a completed run only, and raises for the others.
    report.status = "completed"
    output = answer.return_values["output"]
    if isinstance(output, str):
        report.texts.append(output)
    else:  # content that is not all text is given as it is
        report.message({"content": output})


if __name__ == "__main__":
    serve("langchain", importlib.metadata.version("langchain-classic"), {"invoke": invoke})
