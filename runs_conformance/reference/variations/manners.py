"""How Azure, Foundry and others do what the documents leave to HTTP: headers, keys, versions."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from runs_conformance.reference import refusals
from runs_conformance.reference.variations.variation import behaves

if TYPE_CHECKING:
    from runs_conformance.reference.behaviour import Behaviour
    from runs_conformance.reference.calls import Call
    from runs_conformance.reference.options import ReferenceOptions


@behaves("wire facts, headers: recorded of Azure OpenAI", group="service-headers")
def azure_headers(faithful: Behaviour) -> Behaviour:
    """Answers have Azure's headers and none of the vendor's, X-Request-ID being a UUID."""

    def headers(
        options: ReferenceOptions, call: Call, *, status: int, stream: bool, request_id: str
    ) -> dict[str, str]:
        made = faithful.headers(options, call, status=status, stream=stream, request_id=request_id)
        name = str(uuid.uuid5(uuid.NAMESPACE_OID, request_id))
        azure = {"apim-request-id": name, "x-ms-region": "Sweden Central", "x-ms-middleware-request-id": name}
        return {"content-type": made["content-type"], "X-Request-ID": name, **azure}

    return replace(faithful, headers=headers)


@behaves("wire facts, headers: recorded of Foundry", group="service-headers")
def foundry_headers(faithful: Behaviour) -> Behaviour:
    """Answers have the headers of Foundry beside the vendor's."""

    def headers(
        options: ReferenceOptions, call: Call, *, status: int, stream: bool, request_id: str
    ) -> dict[str, str]:
        made = faithful.headers(options, call, status=status, stream=stream, request_id=request_id)
        return {
            **made,
            "apim-request-id": request_id,
            "x-ms-response-type": "standard",
            "x-request-time": "0.042",
        }

    return replace(faithful, headers=headers)


@behaves("Azure: the key stands in the header api-key", group="auth", profile={"auth_header": "api-key"})
def api_key_header(faithful: Behaviour) -> Behaviour:
    """The key is expected in the header api-key."""

    def authorize(options: ReferenceOptions, call: Call) -> str:
        key = call.headers.get("api-key", "")
        bearer = (
            {**call.headers, "authorization": f"Bearer {key}"}
            if key
            else {**call.headers, "authorization": ""}
        )
        return faithful.authorize(options, replace(call, headers=bearer))

    return replace(faithful, authorize=authorize)


@behaves(
    "local servers ask for no key (Steady, Mockoon)",
    group="auth",
    profile={"absent": ["auth"], "auth_header": "none"},
)
def no_key_needed(faithful: Behaviour) -> Behaviour:
    """No key is needed, and any is taken."""
    return replace(faithful, authorize=lambda _options, _call: "all")


@behaves(
    "D24; wire facts: Foundry takes requests without it", group="beta", profile={"absent": ["beta-header"]}
)
def beta_not_required(faithful: Behaviour) -> Behaviour:
    """The header OpenAI-Beta is not looked at."""
    return replace(faithful, check_beta=lambda _call: None)


@behaves(
    "Azure: every request names an api-version", profile={"query": {"api-version": "2024-07-01-preview"}}
)
def api_version_required(faithful: Behaviour) -> Behaviour:
    """A request without api-version in its query is answered with 404."""

    def authorize(options: ReferenceOptions, call: Call) -> str:
        if call.asked("api-version") is None:
            raise refusals.unknown_url(call.method, call.path)
        return faithful.authorize(options, call)

    return replace(faithful, authorize=authorize)


@behaves("D24: Foundry, as recorded in 2025", group="beta", profile={"absent": ["beta-header"]})
def beta_optional(faithful: Behaviour) -> Behaviour:
    """Only v1 of the beta is refused; a request without the header is served."""

    def check_beta(call: Call) -> None:
        if call.headers.get("openai-beta"):
            faithful.check_beta(call)

    return replace(faithful, check_beta=check_beta)
