"""Refusals: what is answered when a request is not granted, in the words of the real service's envelope.

Codes, params and message forms were quoted from live answers (wire facts, sections 3 and 4); where no live
text is known the form of the same validator family is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

BETA_HINT = "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error of this program
    """An answer other than success: the HTTP status and the four keys of the error object."""

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.message, self.param, self.code, self.status, self.kind = message, param, code, status, kind
        self.headers: dict[str, str] = {}


def no_key() -> Refusal:
    return Refusal(
        "You didn't provide an API key. You need to provide your API key in an Authorization header using "
        "Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        status=401,
    )


def bad_key(key: str) -> Refusal:
    shown = key if len(key) <= 8 else f"{key[:4]}{'*' * (len(key) - 8)}{key[-4:]}"
    return Refusal(
        f"Incorrect API key provided: {shown}. "
        "You can find your API key at https://platform.openai.com/account/api-keys.",
        code="invalid_api_key",
        status=401,
    )


def no_beta() -> Refusal:
    return Refusal(
        f"You must provide the 'OpenAI-Beta' header to access the Assistants API. {BETA_HINT}",
        code="invalid_beta",
    )


def old_beta(value: str) -> Refusal:
    return Refusal(
        f"The beta '{value}' can't be used with the Assistants API. {BETA_HINT}", code="invalid_beta"
    )


def unknown_url(method: str, path: str) -> Refusal:
    return Refusal(f"Invalid URL ({method} {path})", status=404)


def wrong_method(method: str, path: str, allowed: Sequence[str]) -> Refusal:
    refusal = Refusal(f"Not allowed to {method} on {path}.", code="method_not_supported", status=405)
    refusal.headers["allow"] = ", ".join(allowed)
    return refusal


def wrong_media_type(value: str) -> Refusal:
    return Refusal(f"Invalid Content-Type header ({value or 'none'}), expected application/json.")


def not_json() -> Refusal:
    return Refusal("We could not parse the JSON body of your request. The API expects a JSON payload.")


def not_found(kind: str, identifier: str) -> Refusal:
    return Refusal(f"No {kind} found with id '{identifier}'.", status=404)


def bad_prefix(param: str, identifier: str, prefix: str) -> Refusal:
    return Refusal(
        f"Invalid '{param}': '{identifier}'. Expected an ID that begins with '{prefix}'.",
        param=param,
        code="invalid_value",
    )


def missing(param: str) -> Refusal:
    return Refusal(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def wrong_type(param: str, wanted: str, got: str) -> Refusal:
    """`param` is empty for the body itself."""
    where = f"Invalid type for '{param}'" if param else "Invalid type"
    text = f"{where}: expected {wanted}, but got {got} instead."
    return Refusal(text, param=param or None, code="invalid_type")


def wrong_value(param: str, why: str) -> Refusal:
    return Refusal(f"Invalid '{param}': {why}", param=param, code="invalid_value")


def unsupported(param: str, value: Any, allowed: Sequence[str]) -> Refusal:
    quoted = [f"'{one}'" for one in allowed]
    listed = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])}, and {quoted[-1]}"
    return Refusal(
        f"Invalid value: '{value}'. Supported values are: {listed}.", param=param, code="invalid_value"
    )


def active_run(thread_id: str, run_id: str) -> Refusal:
    return Refusal(f"Thread {thread_id} already has an active run {run_id}.")


def locked_thread(thread_id: str, run_id: str) -> Refusal:
    return Refusal(f"Can't add messages to {thread_id} while a run {run_id} is active.")


def empty_thread() -> Refusal:
    return Refusal(
        "Run creation requires a Thread with a user message or an assistant with instructions.",
        code="invalid_thread",
    )


def outputs_in_status(status: str) -> Refusal:
    return Refusal(f'Runs in status "{status}" do not accept tool outputs.')


def partial_outputs(wanted: Sequence[str], given: Sequence[str]) -> Refusal:
    return Refusal(f"Expected tool outputs for call_ids {list(wanted)}, got {list(given)}")


def cancel_in_status(status: str) -> Refusal:
    return Refusal(f"Cannot cancel run with status '{status}'.")
