"""The text of definitions, with what a template fills in."""

from __future__ import annotations

import pytest

from stepwell.deploy.definitions import inline_definition, of_file
from stepwell.values import decode


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: ${Number}\nb: '${Number}'\nc: ${Text}", {"a": 5, "b": "5", "c": "x"}),
        ('{"a": ${Number}}', {"a": 5}),
        ("a: ${Unknown}", {"a": "${Unknown}"}),
    ],
)
def test_places_in_files_are_filled_in(text: str, expected: object) -> None:
    """A place without quotes may become a number; one that the template does not have stays."""
    assert decode(of_file(text, {"Number": "5", "Text": "x"})) == expected


def test_a_text_that_breaks_the_notation_stays_a_text() -> None:
    """A text that breaks the notation where it stands is filled in afterwards."""
    assert of_file("a: ${Braces}\nb: 1", {"Braces": "{x: ["}) == '{"a":"{x: [","b":1}'


def test_definitions_in_properties_are_filled_in() -> None:
    """A definition in the properties is a text with its places filled in; one elsewhere is none."""
    assert inline_definition(
        {"Definition": {"a": "${A}"}, "DefinitionSubstitutions": {"A": 1}}
    ) == ('{"a":"1"}')
    assert inline_definition({"DefinitionS3Location": {}}) is None
