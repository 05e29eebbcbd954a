"""Serve the mock of openai-responses over HTTP: python wrapper.py PORT.

The library answers requests of the OpenAI client inside one process. Here its router answers any client's:
nothing is added and nothing is repaired, and where the mock raises instead of answering, the status is 599
(which no server of the contract uses) with the exception as text.
"""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from openai_responses import OpenAIMock

HOST = "127.0.0.1"
MOCK_RAISED = 599
HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}
turn = threading.Lock()  # the mock's store is not made for threads


class Handler(BaseHTTPRequestHandler):
    """One request in, through the mock, one answer out."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one write: in two, delayed acknowledgements cost 40 ms an answer
    mock: OpenAIMock
    base: str

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = list(self.headers.items())
        request = httpx.Request(self.command, self.base + self.path, headers=headers, content=body)
        self.send(self.ask(request))

    def ask(self, request: httpx.Request) -> httpx.Response:
        with turn:
            try:
                return self.mock.router.handler(request)
            except Exception as error:  # noqa: BLE001 - whatever the mock raises is what a client should see
                return httpx.Response(MOCK_RAISED, text=f"{type(error).__name__}: {error}")

    def send(self, response: httpx.Response) -> None:
        content = response.read()
        self.send_response(response.status_code)
        for name, value in response.headers.multi_items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - names that the base class looks for


def main(port: int) -> None:
    Handler.base = f"http://{HOST}:{port}"
    Handler.mock = OpenAIMock(base_url=f"{Handler.base}/v1")
    ThreadingHTTPServer((HOST, port), Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
