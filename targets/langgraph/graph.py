"""The smallest graph: a node that says hello. The server under test is LangGraph's own."""

from typing import Any

from langgraph.graph import END, START, MessagesState, StateGraph


def speak(_: MessagesState) -> dict[str, Any]:
    return {"messages": [{"role": "assistant", "content": "Hello."}]}


builder = StateGraph(MessagesState).add_node("speak", speak)
graph = builder.add_edge(START, "speak").add_edge("speak", END).compile()
