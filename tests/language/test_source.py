"""Places in a text, repeated keys, and what AWS's parser says about broken JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.language.json_trouble import SNIPPET_CHARACTERS, json_trouble
from stepwell.language.source import offset_within, scan_places
from stepwell.values import BadJson, decode

TEXT = """{
  "a": [1, {"b\\u0021": true}],
  "c": {"a": {}, "a": []},
  "d": "x,]}:"
}"""

VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("", (1, 1)),
        ("/", (1, 1)),
        ("/a", (2, 3)),
        ("/a[0]", (2, 9)),
        ("/a[1]", (2, 12)),
        ("/a[1]/b!", (2, 13)),
        ("/a[1]/b!/deeper", (2, 13)),
        ("/a[7]", (2, 3)),
        ("/c", (3, 3)),
        ("/c/a", (3, 18)),
        ("/d", (4, 3)),
        ("/nowhere", (1, 1)),
    ],
)
def test_a_place_has_line_and_column(location: str, place: tuple[int, int]) -> None:
    """A known place is found, an unknown one is where its nearest known surroundings are."""
    assert scan_places(TEXT).line_and_column(location) == place


def test_repeated_keys_are_noticed() -> None:
    """Every repetition, with its place."""
    assert scan_places(TEXT).duplicates == [("/c", "/a")]


def test_a_text_without_containers_has_one_place() -> None:
    """A bare scalar stands at its beginning."""
    assert scan_places("  7 ").line_and_column("/a") == (1, 3)


TROUBLES: list[tuple[str, str, int, int]] = [
    ("not a definition", f"Unrecognized token 'not': was expecting {VALUES}", 1, 4),
    ("", "No content to map due to end-of-input", 1, 1),
    (
        "{,}",
        "Unexpected character (',' (code 44)): was expecting double-quote to start field name",
        1,
        3,
    ),
    (
        '{"a" 1}',
        "Unexpected character ('1' (code 49)): was expecting a colon to separate field "
        "name and value",
        1,
        7,
    ),
    (
        '{"a":1 "b":2}',
        "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
        1,
        9,
    ),
    (
        "[1 2]",
        "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
        1,
        5,
    ),
    ('{"a":}', f"Unexpected character ('}}' (code 125)): expected a valid value {VALUES}", 1, 7),
    ("[1,]", f"Unexpected character (']' (code 93)): expected a valid value {VALUES}", 1, 5),
    (
        '{"a":1,}',
        "Unexpected character ('}' (code 125)): was expecting double-quote to start field name",
        1,
        9,
    ),
    ('"abc', "Unexpected end-of-input: was expecting closing quote for a string value", 1, 5),
    ('{"abc', "Unexpected end-of-input in field name", 1, 6),
    (
        '"a\nb"',
        "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using "
        "backslash to be included in string value",
        2,
        1,
    ),
    ('"\\x"', "Unrecognized character escape 'x' (code 120)", 1, 4),
    ('"\\', "Unexpected end-of-input in character escape sequence", 1, 3),
    (
        '"\\u12g4"',
        "Unexpected character ('g' (code 103)): expected a hex-digit for character escape sequence",
        1,
        7,
    ),
    ('"\\u12', "Unexpected end-of-input", 1, 6),
    ("01", "Invalid numeric value: Leading zeroes not allowed", 1, 2),
    ("-01", "Invalid numeric value: Leading zeroes not allowed", 1, 3),
    ("-", "Unexpected end-of-input", 1, 2),
    (
        "1.x",
        "Unexpected character ('x' (code 120)): Expected space separating root-level values "
        "or a digit",
        1,
        4,
    ),
    ("{} x", f"Unrecognized token 'x': was expecting {VALUES}", 1, 5),
    (
        "{} {}",
        "Unexpected character ('{' (code 123)): was expecting the end of the definition",
        1,
        5,
    ),
    ("#", f"Unexpected character ('#' (code 35)): expected a valid value {VALUES}", 1, 2),
    (
        '{"a":"\\u00e9\\n", "b":[true,false,null,-1.5e+3]',
        "Unexpected end-of-input: expected close "
        'marker for Object (start marker at [Source: (String)"{"a":"\\u00e9\\n", '
        '"b":[true,false,null,-1.5e+3]"; line: 1, column: 1])',
        1,
        47,
    ),
    (
        "[",
        "Unexpected end-of-input: expected close marker for Array (start marker at [Source: "
        '(String)"["; line: 1, column: 1])',
        1,
        2,
    ),
    (
        "[1,",
        "Unexpected end-of-input: expected close marker for Array (start marker at [Source: "
        '(String)"[1,"; line: 1, column: 1])',
        1,
        4,
    ),
    (
        '{"a"',
        "Unexpected end-of-input: expected close marker for Object (start marker at [Source: "
        '(String)"{"a""; line: 1, column: 1])',
        1,
        5,
    ),
    (
        '{"a":',
        "Unexpected end-of-input: expected close marker for Object (start marker at [Source: "
        '(String)"{"a":"; line: 1, column: 1])',
        1,
        6,
    ),
    (
        '{"a":1,',
        "Unexpected end-of-input: expected close marker for Object (start marker at "
        '[Source: (String)"{"a":1,"; line: 1, column: 1])',
        1,
        8,
    ),
]


@pytest.mark.parametrize(("text", "sentence", "line", "column"), TROUBLES)
def test_broken_json_has_a_sentence_and_a_place(
    text: str, sentence: str, line: int, column: int
) -> None:
    """The sentence is AWS's parser's, the column the one behind what was read."""
    trouble = json_trouble(text)
    place = f'[Source: (String)"{text}"; line: {line}, column: {column}]'
    assert trouble.location == place
    assert trouble.message == f"{sentence}\n at {place}"


@pytest.mark.parametrize(
    ("text", "sentence", "column"),
    [
        ('{"a": 1e400}', "Numeric value (1e400) is out of range", 12),
        ('{"a": ' + "-9e" + "9" * 300 + "}", "Numeric value (-9e" + "9" * 253 + "...)", 310),
        (r'{"a": "x\ud83d"}', "Unpaired surrogate in a text", 15),
        (r'{"a": "\udc00x"}', "Unpaired surrogate in a text", 14),
        (r'{"a": "\ud83d\ude00", "b": "\ud83dx"}', "Unpaired surrogate in a text", 35),
        (r'{"a": "\\ud83d", "b": 1e999}', "Numeric value (1e999) is out of range", 28),
    ],
)
def test_what_is_json_and_no_value_here_is_told(text: str, sentence: str, column: int) -> None:
    """Numbers beyond all bounds and half characters, with their place."""
    with pytest.raises(BadJson):
        decode(text)
    trouble = json_trouble(text)
    assert trouble.message.startswith(sentence)
    assert (trouble.line, trouble.column) == (1, column)


def test_a_long_word_is_not_repeated() -> None:
    """As AWS's parser, so much of it and three dots."""
    message = json_trouble('{"a": ' + "x" * 100_000).message
    assert message.startswith(f"Unrecognized token '{'x' * 256}...': was expecting")
    assert len(message) < 2_000


def test_a_long_text_is_quoted_in_part() -> None:
    """The place says how much is left out."""
    location = json_trouble("x" * (SNIPPET_CHARACTERS + 7)).location
    assert location.startswith('[Source: (String)"xxx')
    assert '"[truncated 7 chars]; line: 1, column: 508]' in location


def test_valid_json_is_only_called_invalid() -> None:
    """What another parser refuses for its own reasons gets the general sentence."""
    assert json_trouble("{}").message.startswith("Invalid JSON\n at ")


@given(st.text(alphabet='{}[]",:\\u01-.eE+ntrfalse \n/', max_size=40))
def test_every_text_that_is_no_json_gets_a_sentence(text: str) -> None:
    """No broken text breaks the reader, and what is JSON is not called broken."""
    message = json_trouble(text).message
    try:
        decode(text)
    except BadJson:
        assert "\n at [Source" in message
    else:
        assert message.startswith("Invalid JSON")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


@given(json_values, st.sampled_from([None, 2]))
def test_every_json_text_can_be_scanned(value: object, indent: int | None) -> None:
    """The scan ends, and finds no repetition where there is none."""
    places = scan_places(json.dumps(value, indent=indent))
    assert places.line_and_column("") == (1, 1)
    assert places.duplicates == []


@pytest.mark.parametrize(
    ("written", "character", "points_at"),
    [
        ('"{% 1 ! %}"', 6, "!"),
        (r'"{% \"a\" ! %}"', 8, "!"),
        (r'"{% \u00e9\ud83d\ude00\n! %}"', 7, "!"),
        ('"{% é😀! %}"', 6, "!"),
        ('"{%%}"', 3, "%}"),
        ('"{% 1"', 99, '"'),
    ],
)
def test_a_character_within_a_text(written: str, character: int, points_at: str) -> None:
    """The caret stands under it, however the text before it is escaped."""
    for text in (f'{{"key": {written}}}', f"[{written}]"):
        offset = offset_within(text, 1, character)
        assert text[offset:].startswith(points_at)
    assert offset_within("{1}", 1, 3) == 1
