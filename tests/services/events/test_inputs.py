"""Templates: which variables there are, and how they are written."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.services.events.inputs import BadInput, Matched, shape_input
from stepwell.services.templates.paths import NOTHING, look_up
from stepwell.values import JsonObject, JsonValue

_EVENT: JsonObject = {
    "id": "1",
    "time": "2025-01-01T00:00:00Z",
    "detail": {"text": 'say "hi"', "n": 1.5, "ok": True, "none": None, "list": ["a", {"b": 2}]},
}
_PATHS = {
    "text": "$.detail.text",
    "n": "$.detail.n",
    "ok": "$.detail.ok",
    "none": "$.detail.none",
    "list": "$.detail.list",
    "gone": "$.detail.gone",
}


def _fill(template: str) -> str:
    target: dict[str, Any] = {
        "InputTransformer": {"InputPathsMap": _PATHS, "InputTemplate": template}
    }
    return shape_input(target, Matched(_EVENT, "arn:rule", "rule", "2025-01-02T00:00:00Z"))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{"a": <text>, "b": <n>}', '{"a": "say \\"hi\\"", "b": 1.5}'),
        ('{"a": <ok>, "b": <none>, "c": <list>}', '{"a": true, "b": null, "c": ["a",{"b":2}]}'),
        ('{"a": "<n> and <text>"}', '{"a": "1.5 and say \\"hi\\""}'),
        ('{"a": "<list>"}', '{"a": "[a,{b:2}]"}'),
        ('{"a": "<gone>!"}', '{"a": "!"}'),
        ('"one <n>"\n"two <ok>"', '"one 1.5"\n"two true"'),
        ('{"r": <aws.events.rule-arn>}', '{"r": "arn:rule"}'),
        ('"<aws.events.rule-name>"', '"rule"'),
        ('"<aws.events.event.ingestion-time>"', '"2025-01-02T00:00:00Z"'),
        ("<aws.events.event>", '{"id":"1","time":"2025-01-01T00:00:00Z"}'),
        ("<text>", '"say \\"hi\\""'),
    ],
)
def test_templates(template: str, text: str) -> None:
    """Outside quotes a variable is JSON, within them it is text."""
    assert _fill(template) == text


@pytest.mark.parametrize("template", ['{"a": <gone>}', "{<text>}", "one\ntwo"])
def test_what_is_not_json(template: str) -> None:
    """It is not sent."""
    with pytest.raises(BadInput):
        _fill(template)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", _EVENT),
        ("$.detail.list[1].b", 2),
        ("$.detail.list[2]", NOTHING),
        ("$.detail.n.x", NOTHING),
        ("$['detail'][\"n\"]", 1.5),
        ("$.detail.list[*]", ["a", {"b": 2}]),
        ("$.detail.list[*].b", [2]),
    ],
)
def test_paths(path: str, found: JsonValue) -> None:
    """Names, positions and stars."""
    assert look_up(_EVENT, path) == found
