"""Variables: what a state assigns as it exits, written into the event that the fold reads."""

from __future__ import annotations

from stepwell.engine.events import Details
from stepwell.engine.execution import Branch
from stepwell.engine.limits import ASSIGN_BYTES_MAX, VARIABLES_BYTES_MAX
from stepwell.engine.retries import Failure
from stepwell.values import JsonObject, JsonValue, encode_text


def show_variables(branch: Branch, assigned: JsonObject, details: Details) -> Failure | None:
    """Add the variables to the details of an exit; the failure when they are too large."""
    texts: dict[str, JsonValue] = {}
    sizes: dict[str, int] = {}
    for name in sorted(assigned):
        text = encode_text(assigned[name])
        texts[name] = text
        sizes[name] = len(text.encode())
    if sum(sizes.values()) > ASSIGN_BYTES_MAX:
        return _too_large(branch, f"one Assign may hold {ASSIGN_BYTES_MAX} bytes")
    if sum({**branch.sizes, **sizes}.values()) > VARIABLES_BYTES_MAX:
        return _too_large(branch, f"an execution may hold {VARIABLES_BYTES_MAX} bytes")
    if texts:
        details["assignedVariables"] = texts
        details["assignedVariablesDetails"] = {"truncated": False}
    return None


def _too_large(branch: Branch, bound: str) -> Failure:
    return Failure(
        "States.DataLimitExceeded",
        f"The state '{branch.state}' assigns variables that are too large: {bound}.",
    )
