"""Files that hold definitions and are none: which command looks at them."""

from __future__ import annotations

from stepwell.values import BadJson, decode


def other_kind(name: str, json_text: str) -> str:
    """What a file is that is no definition, and where to go with it; the empty text otherwise."""
    if "Resources" not in json_text and "stepFunctions" not in json_text:
        return ""
    try:
        document = decode(json_text)
    except BadJson:
        return ""
    if not isinstance(document, dict) or "States" in document or "StartAt" in document:
        return ""
    if isinstance(document.get("Resources"), dict):
        return f"it is a template: `stepwell doctor {name}` looks at the state machines in it"
    if isinstance(document.get("stepFunctions"), dict):
        return (
            "it is a file of the Serverless Framework: package it, and "
            "`stepwell doctor .serverless/cloudformation-template-update-stack.json` looks at the "
            "state machines in it"
        )
    return ""
