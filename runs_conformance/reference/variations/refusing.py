"""Other words, codes and status codes in refusals, where nothing or only a MAY speaks of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runs_conformance.reference.variations.variation import behaves

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.records import Json
    from runs_conformance.reference.refusals import Refusal

# Codes that a SHOULD row names: others are free (RQ-282 is a MAY).
NAMED = frozenset({"unknown_parameter", "invalid_beta", "invalid_thread"})


def _errors(faithful: Behaviour, change: Callable[[Json, Refusal], Json]) -> Behaviour:
    def shape_error(call: Call, refusal: Refusal) -> Json:
        shaped = faithful.shape_error(call, refusal)
        return shaped | {"error": change(shaped["error"], refusal)}

    return replace(faithful, shape_error=shape_error)


def _named(refusal: Refusal) -> bool:
    return refusal.code in NAMED or "begins with" in refusal.message


@behaves("no document fixes a message's words", group="message")
def messages_of_our_own(faithful: Behaviour) -> Behaviour:
    """Error messages are in another language and say little."""
    return _errors(faithful, lambda error, refusal: error | {"message": _german(refusal)})


def _german(refusal: Refusal) -> str:
    """The active-run refusal names both ids (RQ-285, a SHOULD)."""
    names = [word.strip(".'") for word in refusal.message.split() if word.startswith(("thread_", "run_"))]
    return f"Das geht so nicht … ({', '.join(names)})" if len(names) > 1 else "Das geht so nicht …"


@behaves("RQ-282 is a MAY; RQ-279: code is a string or null", group="code")
def codes_null(faithful: Behaviour) -> Behaviour:
    """code is null unless a SHOULD names it."""
    return _errors(faithful, lambda error, refusal: error if _named(refusal) else error | {"code": None})


@behaves("RQ-282 is a MAY; other validators have other codes", group="code")
def codes_of_our_own(faithful: Behaviour) -> Behaviour:
    """Refusals of single fields have codes of another validator."""

    def change(error: Json, refusal: Refusal) -> Json:
        return (
            error
            if _named(refusal) or refusal.param is None
            else error | {"code": "value_error.out_of_range"}
        )

    return _errors(faithful, change)


@behaves("RQ-281 fixes the path, not its notation; tools.0.type is pydantic's", group="param")
def params_dotted(faithful: Behaviour) -> Behaviour:
    """param writes the path with dots: tools.0.function.name."""
    return _errors(faithful, lambda error, _: error | {"param": _dotted(error["param"])})


def _dotted(param: str | None) -> str | None:
    return param and param.replace("[", ".").replace("]", "")


@behaves("RQ-281 fixes the path, not its notation; JSON pointers are common", group="param")
def params_pointer(faithful: Behaviour) -> Behaviour:
    """param is a JSON pointer: /tools/0/function/name."""
    return _errors(
        faithful,
        lambda error, _: (
            error | {"param": error["param"] and f"/{(_dotted(error['param']) or '').replace('.', '/')}"}
        ),
    )


@behaves("RQ-278 is about the four keys; Azure adds innererror")
def errors_with_more(faithful: Behaviour) -> Behaviour:
    """The error object and what is around it have further keys."""

    def shape_error(call: Call, refusal: Refusal) -> Json:
        shaped = faithful.shape_error(call, refusal)
        inner = shaped["error"] | {"innererror": {"code": "Other"}, "status": refusal.status}
        return {"request_id": "abc", "error": inner, "detail": None}

    return replace(faithful, shape_error=shape_error)


@behaves("RFC 9110 section 15.5.16; RQ-120 asks for a 4xx only")
def media_type_415(faithful: Behaviour) -> Behaviour:
    """A body that is not declared as JSON is answered with 415."""

    def read_body(call: Call, *, needed: bool) -> object:
        try:
            return faithful.read_body(call, needed=needed)
        except Exception as error:
            if "Content-Type" in str(error):
                error.status = 415  # type: ignore[attr-defined]
            raise

    return replace(faithful, read_body=read_body)


@behaves("RFC 9110 sections 5.6.6 and 8.3: a server may take a body whose type is not declared")
def any_media_type(faithful: Behaviour) -> Behaviour:
    """A body is read as JSON whatever its Content-Type says."""

    def read_body(call: Call, *, needed: bool) -> object:
        return faithful.read_body(
            replace(call, headers={**call.headers, "content-type": "application/json"}), needed=needed
        )

    return replace(faithful, read_body=read_body)
