"""Small servers for the tests of fuzzing: the reference target with an endpoint of the user's beside it."""

import json

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from runs_conformance.reference import ReferenceOptions
from runs_conformance.reference.app import create_app

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Widgets", "version": "1"},
    "paths": {
        "/widgets/{name}": {
            "get": {
                "parameters": [
                    {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "size", "in": "query", "schema": {"type": "integer", "maximum": 9}},
                ],
                "responses": {
                    "200": {
                        "description": "A widget",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object", "required": ["name"],
                                    "properties": {"name": {"type": "string"}},
                                }
                            }
                        },
                    }
                },
            }
        }
    },
}  # fmt: skip


def with_widgets(answer):
    """The reference target, and `GET /widgets/{name}` answered by a function of the request."""

    async def endpoint(request):
        return answer(request)

    routes = [Route("/v1/widgets/{name:path}", endpoint), Mount("/", create_app(ReferenceOptions()))]
    return Starlette(routes=routes)


good = with_widgets(lambda request: JSONResponse({"name": request.path_params["name"]}))
# what the user's document does not say of its refusals is no fault
strict = with_widgets(
    lambda request: JSONResponse(*(({"detail": "no"}, 422) if request.query_params else ({"name": "x"},)))
)
shapeless = with_widgets(lambda _: JSONResponse({"title": 1}))
textual = with_widgets(lambda _: Response("<p>", media_type="text/html"))
failing = with_widgets(lambda _: JSONResponse({"error": "sorry"}, 500))


def write(path):
    path.write_text(json.dumps(DOCUMENT), "utf-8")
    return path
