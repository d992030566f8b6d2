"""Values of parameters with NoEcho, kept out of what events and change sets show.

Whatever text of a resource's properties holds such a value shows asterisks in its place. As on
AWS, outputs and metadata are shown as they are.
"""

from __future__ import annotations

from stepwell.deploy.parameters import HIDDEN
from stepwell.deploy.shaping import as_text
from stepwell.services.cloudformation.versions import Details
from stepwell.values import JsonValue


def secrets_of(*versions: Details) -> tuple[str, ...]:
    """The values that must not be shown, the longest first: one may hold another."""
    found: set[str] = set()
    for details in versions:
        for name in details.hidden:
            value = details.values.get(name)
            items = value if isinstance(value, list) else [value]
            found.update(as_text(item) for item in items)
    return tuple(sorted(found - {""}, key=len, reverse=True))


def masked_text(text: str, secrets: tuple[str, ...]) -> str:
    """The text without them."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def masked(value: JsonValue, secrets: tuple[str, ...]) -> JsonValue:
    """The value without them; names of members stay."""
    if not secrets:
        return value
    if isinstance(value, str):
        return masked_text(value, secrets)
    if isinstance(value, list):
        return [masked(item, secrets) for item in value]
    if isinstance(value, dict):
        return {name: masked(item, secrets) for name, item in value.items()}
    return value
