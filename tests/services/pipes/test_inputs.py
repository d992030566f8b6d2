"""Templates of pipes."""

from __future__ import annotations

import pytest

from stepwell.errors import ServiceError
from stepwell.services.pipes.inputs import Item, as_json, resolved, shape
from stepwell.values import JsonValue

_MESSAGE: JsonValue = {
    "eventSource": "aws:sqs",
    "messageId": "m1",
    "body": '{"id": 7, "name": "Ada \\"x\\"", "tags": ["a", {"b": true}], "none": null}',
    "attributes": {"SenderId": "me"},
}
_VARIABLES: dict[str, JsonValue] = {"aws.pipes.pipe-name": "p"}


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ('{"id": <$.body.id>}', '{"id": 7}'),
        ('{"name": <$.body.name>}', '{"name": "Ada \\"x\\""}'),
        ('{"name": "Dear <$.body.name>!"}', '{"name": "Dear Ada \\"x\\"!"}'),
        ("<$.body.tags>", '["a",{"b":true}]'),
        ("<$.body.tags[1].b>", "true"),
        ('{"all": "<$.body.tags>"}', '{"all": "[a,{b:true}]"}'),
        ('{"null": <$.body.none>}', '{"null": null}'),
        ('{"gone": <$.body.gone>, "as text": "<$.gone>"}', '{"gone": "", "as text": ""}'),
        ('{"by": "<aws.pipes.pipe-name>"}', '{"by": "p"}'),
        ('{"by": <aws.pipes.pipe-name>}', '{"by": "p"}'),
        ("<$.attributes.SenderId> says", '"me" says'),
        ("no <variable> of ours, 1 < 2 > 0", "no <variable> of ours, 1 < 2 > 0"),
    ],
)
def test_a_template_is_filled_in(template: str, made: str) -> None:
    """Paths lead into the body of a message; quotes decide how a value is written."""
    assert shape(Item(_MESSAGE), template, _VARIABLES) == made


def test_the_whole_event_as_it_came_and_as_json() -> None:
    """`event` has the body as text, `event.json` as what it stands for."""
    item = Item({"eventSource": "aws:sqs", "body": "[1]"})
    assert shape(item, "<aws.pipes.event>", {}) == '{"eventSource":"aws:sqs","body":"[1]"}'
    assert shape(item, "<aws.pipes.event.json>", {}) == '{"eventSource":"aws:sqs","body":[1]}'
    assert shape(item, None, {}) == '{"eventSource":"aws:sqs","body":"[1]"}'


@pytest.mark.parametrize("event", [{"eventSource": "aws:sqs", "body": "no json"}, {"body": "[1]"}])
def test_a_body_that_is_no_json_or_no_message_stays_text(event: JsonValue) -> None:
    """Only the body of a message is read, and only when it can be."""
    item = Item(event)
    assert item.parsed == event
    assert shape(item, "<$.body.x>", {}) == '""'


def test_json_where_only_json_will_do() -> None:
    """A text becomes one of JSON; half a document is refused."""
    assert as_json('{"a": 1}') == '{"a": 1}'
    assert as_json("hello") == '"hello"'
    with pytest.raises(ServiceError, match="does not make valid JSON"):
        as_json('{"a": }')


def test_parameters_may_be_paths() -> None:
    """A path stands for what is there, anything else for itself."""
    item = Item(_MESSAGE)
    assert resolved("fixed", item) == "fixed"
    assert resolved("$.body.id", item) == "7"
    assert resolved("$.messageId", item) == "m1"
    assert resolved("$.gone", item) == ""
    with pytest.raises(ServiceError, match="is no path"):
        resolved("$..", item)
