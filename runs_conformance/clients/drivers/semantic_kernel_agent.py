"""Driver for semantic-kernel's OpenAIAssistantAgent: invoked and streamed; its kernel answers the calls.

Its users are told no status: for them a run has completed if its answer comes without an exception.
"""

import asyncio
from datetime import timedelta

import semantic_kernel
from lineprotocol import serve
from openai import AsyncOpenAI
from semantic_kernel import Kernel
from semantic_kernel.agents import AssistantAgentThread, OpenAIAssistantAgent
from semantic_kernel.agents.open_ai.run_polling_options import RunPollingOptions
from semantic_kernel.contents import FunctionCallContent
from semantic_kernel.functions import KernelFunctionFromMethod, KernelPlugin, kernel_function

PLUGIN = "given"
SHORT = timedelta(milliseconds=20)


def functions(tools, output):
    """A function of the kernel for each that a run may call; all give the same output."""
    names = [tool["function"]["name"] for tool in tools if tool["type"] == "function"]
    made = [KernelFunctionFromMethod(method=function(name, output), plugin_name=PLUGIN) for name in names]
    return [KernelPlugin(name=PLUGIN, functions=made)] if made else []


def function(name, output):
    def called(city: str = "", zone: str = "") -> str:  # noqa: ARG001 - the kernel reads what may be given
        return output

    return kernel_function(called, name=name, description="Answers what it is told to answer.")


async def agent_of(task):
    client = AsyncOpenAI(base_url=task["base_url"], api_key=task["key"], timeout=task["timeout"])
    definition = await client.beta.assistants.retrieve(task["assistant_id"])
    definition.name = definition.name or "assistant"
    tools = task.get("tools") or [tool.model_dump() for tool in definition.tools]
    kernel = Kernel(plugins={each.name: each for each in functions(tools, task["output"])})
    often = RunPollingOptions(
        run_polling_interval=SHORT, run_polling_backoff=SHORT, message_synchronization_delay=SHORT,
        run_polling_timeout=timedelta(seconds=task["timeout"]),
    )
    agent = OpenAIAssistantAgent(client=client, definition=definition, kernel=kernel, polling_options=often)
    return agent, AssistantAgentThread(client=client)


def noting(report):
    async def note(message):
        for item in message.items:
            if isinstance(item, FunctionCallContent):
                call = {"id": item.id, "name": item.name, "arguments": item.arguments}
                report.calls += [] if call in report.calls else [call]

    return note


def said(message):
    """The assistant's words: what a code interpreter was given is marked as code."""
    return "" if message.metadata.get("code") else message.content


async def polled(task, report):
    agent, thread = await agent_of(task)
    async for answer in agent.invoke(task["text"], thread=thread, on_intermediate_message=noting(report)):
        report.texts.append(said(answer.message))


async def streamed(task, report):
    agent, thread = await agent_of(task)
    told = agent.invoke_stream(task["text"], thread=thread, on_intermediate_message=noting(report))
    async for answer in told:
        report.events += 1
        report.texts.append(said(answer.message))


def running(use):
    def run(task, report):
        asyncio.run(use(task, report))
        report.status = "completed"

    return run


if __name__ == "__main__":
    uses = {"poll": running(polled), "stream": running(streamed)}
    serve("semantic-kernel", semantic_kernel.__version__, uses)
