"""A blocking client for an app in the same process: one event loop a client, a fresh app a client."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

import httpx2

from runs_conformance.reference import ReferenceOptions, create_app

HEADERS = {"authorization": "Bearer sk-one", "openai-beta": "assistants=v2"}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
TIME = {"type": "function", "function": {"name": "get_time"}}


class Client:
    def __init__(self, options: ReferenceOptions | None = None) -> None:
        self.app = create_app(options)
        self._runner = asyncio.Runner()
        self._http: httpx2.AsyncClient | None = None

    def send(self, method: str, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        return self.do(lambda http: self._request(http, method, path, body, **more))

    def do(self, work: Callable[[httpx2.AsyncClient], Any]) -> Any:
        """Run a coroutine made from the async client, in this client's loop."""

        async def go() -> Any:
            if self._http is None:
                transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
                self._http = httpx2.AsyncClient(
                    transport=transport, base_url="http://reference", headers=HEADERS
                )
            return await work(self._http)

        return self._runner.run(go())

    @staticmethod
    async def _request(http: Any, method: str, path: str, body: Any, **more: Any) -> httpx2.Response:
        path = path if path.startswith("/_") else f"/v1{path}"
        sent = {} if body is None else {"json": body}
        return await http.request(method, path, **sent, **more)

    def post(self, path: str, body: Any = None) -> Any:
        return self._good(self.send("POST", path, body))

    def get(self, path: str) -> Any:
        return self._good(self.send("GET", path))

    @staticmethod
    def _good(response: httpx2.Response) -> Any:
        assert response.status_code == 200, response.text
        return response.json()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._http is not None:
            self._runner.run(self._http.aclose())
        self._runner.close()

    def assistant(self, **fields: Any) -> str:
        return self.post("/assistants", {"model": "gpt-4o", **fields})["id"]

    def thread(self, *texts: str) -> str:
        return self.post("/threads", {"messages": [{"role": "user", "content": text} for text in texts]})[
            "id"
        ]

    def run(self, text: str = "hello", *, tools: list[Any] | None = None, **fields: Any) -> dict[str, Any]:
        body = {"assistant_id": self.assistant(tools=tools or []), **fields}
        return self.post(
            "/threads/runs", {**body, "thread": {"messages": [{"role": "user", "content": text}]}}
        )

    def read(self, run: dict[str, Any], times: int = 1) -> dict[str, Any]:
        for _ in range(times):
            run = self.get(path_of(run))
        return run

    def stream(
        self, text: str = "hello", *, tools: list[Any] | None = None, **fields: Any
    ) -> list[tuple[str, Any]]:
        body = {"assistant_id": self.assistant(tools=tools or []), "stream": True, **fields}
        body["thread"] = {"messages": [{"role": "user", "content": text}]}
        return events(self.send("POST", "/threads/runs", body).content)


def path_of(run: dict[str, Any]) -> str:
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


def events(content: bytes) -> list[tuple[str, Any]]:
    """(name, data) of each block; data is decoded unless it is the end marker."""
    blocks = content.decode().split("\n\n")
    assert blocks.pop() == ""
    pairs = [block.split("\n") for block in blocks]
    assert all(len(lines) == 2 for lines in pairs)
    return [(name.removeprefix("event: "), _data(data.removeprefix("data: "))) for name, data in pairs]


def _data(text: str) -> Any:
    return text if text == "[DONE]" else json.loads(text)
