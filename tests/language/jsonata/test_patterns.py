"""Regular expressions that the library's engine does not know are matched all the same."""

from __future__ import annotations

import json
import time

import pytest

from stepwell.language.check import check_definition
from stepwell.language.jsonata import compile_jsonata
from stepwell.language.program import EvaluationFailed
from stepwell.values import JsonObject, JsonValue
from tests.language.data_environment import NOTHING

INPUT: JsonObject = {"input": {"a": "foobar", "words": ["foobar", "foobaz"], "long": "a" * 5_000}}


def value(text: str) -> JsonValue:
    """What the expression gives."""
    return compile_jsonata(text).evaluate(INPUT, {}, NOTHING, "Output")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$contains('foobar', /foo(?=bar)/)", True),
        ("$contains('foobaz', /foo(?!baz)/)", False),
        ("$contains('xbar', /(?<!x)bar/)", False),
        (r"$contains('abab', /(ab)\1/)", True),
        (r"$contains('abcabd', /^(\w+)\1+$/)", False),
        (r"$contains('abcabc', /^(\w+)\1+$/)", True),
        (r"$match('aa bb cd', /(\w)\1/).match", ["aa", "bb"]),
        ("$match('price: 12', /(?<=: )(\\d)(\\d)(x)?/).groups", ["1", "2", None]),
        ("$match('a1b2', /[a-z](?=\\d)/, 1)", {"match": "a", "index": 0, "groups": []}),
        ("$match('ab', /c(?=d)/)", None),
        (r"$replace('1234567', /\B(?=(\d{3})+(?!\d))/, ',')", "1,234,567"),
        ("$replace('2020-01', /(?<y>\\d{4})-(?=\\d)(\\d\\d)/, '$2/$1')", "01/2020"),
        ("$replace('aXbX', /X(?=b)/, function($m) { $uppercase($m.match & 'y') })", "aXYbX"),
        ("$replace('XaXa', /X(?=a)/, '-', 1)", "-aXa"),
        ("$split('camelCaseText', /(?=[A-Z])/)", ["camel", "Case", "Text"]),
        ("$split('a,b;c', /(?<=\\w)[,;]/)", ["a", "b", "c"]),
        ("$split('a,b;c', /(?<=\\w)[,;]/, 2)", ["a", "b"]),
        ("$states.input.a ~> /o+(?=b)/", None),
        ("($states.input.a ~> /o+(?=b)/).match", "oo"),
        ("$states.input.words[$contains(/foo(?!baz)/)]", "foobar"),
        ("$filter($states.input.words, /foo(?!bar)/)", "foobaz"),
        ("$states.input.a ~> $replace(/foo(?=bar)/, 'F') ~> $contains(/F(?!z)/)", True),
        ("($re := /foo(?=bar)/; $contains($states.input.a, $re))", True),
        ("$states.input.words.$match(/ba(?=z)/).index", 3),
        ("$contains($states.input.nope, /a(?=b)/)", None),
        (r"$contains('a_b-c.d', /^[\w-.]+$/)", True),
        ("$contains('a/b', /(a/b)/)", True),
        ("$contains('FOOBAR', /foo(?=bar)/i)", True),
        ("$match('a\nb', /^\\w(?!x)$/m).match", ["a", "b"]),
        (r"$contains('aa', /(?<x>a)\k<x>/)", True),
        ("$contains('٣', /(?=\\d)./)", False),
        ("$contains('aaa', /(?>a+)a/)", False),
        ("[$contains('xay', 'a'), $contains('ab', /a(?=b)/), $split('a,b', ',')]", None),
    ],
)
def test_what_javascript_and_java_take(text: str, expected: JsonValue) -> None:
    """Look-around, back references and their like, in every function that takes a pattern."""
    if text.startswith("["):
        expected = [True, True, "a", "b"]
    if text == "$states.input.a ~> /o+(?=b)/":
        found = value(text)
        assert isinstance(found, dict)
        assert (found["match"], found["start"], found["end"]) == ("oo", 1, 3)
    elif expected is None:
        with pytest.raises(EvaluationFailed, match="returned nothing"):
            value(text)
    else:
        assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "$match($states.input.long & 'b', /^(?=(a|a)+$)/)",
        "$contains($states.input.long & 'b', /(?=a)(a|aa)+$/)",
    ],
)
def test_going_back_and_forth_has_an_end(text: str) -> None:
    """A pattern that would take for ever fails in time, and nothing else does."""
    started = time.monotonic()
    with pytest.raises(EvaluationFailed, match="D1013"):
        value(text)
    assert time.monotonic() - started < 10
    assert value("$contains('ab', /a(?=b)/)") is True


@pytest.mark.parametrize(
    ("text", "character"),
    [("{% $contains('a', /a(?=/) %}", 19), ("{%/(?<=a))/%}", 3), ("{% $split('', /a(/) %}", 15)],
)
def test_no_engine_takes_it(text: str, character: int) -> None:
    """A pattern that is none is refused when the definition is read, at its place."""
    state: JsonObject = {"Type": "Pass", "Output": text, "End": True}
    machine = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}
    (found,) = check_definition(json.dumps(machine))
    assert found.code == "INVALID_JSONATA_EXPRESSION"
    assert "The regular expression cannot be read" in found.message
    assert f"character {character} " in found.hint


def test_too_many_repetitions_for_the_library() -> None:
    """A pattern that its engine only finds too large is matched all the same."""
    assert value("$contains($states.input.long, /^(\\w{9}){99}/)") is True
    assert value("$match($states.input.long, /^(\\w{3}){1,1666}/).groups") == ["aaa"]


def test_common_patterns_are_matched_by_the_library() -> None:
    """They repeat little, and need no other process."""
    date = r"$contains($states.input.a, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/)"
    assert compile_jsonata(date).analysis.plain
    assert compile_jsonata(r"$match('a', /[a-z]{2,20}@(?:\w+\.){1,3}[a-z]{2,}/i)").analysis.plain


def test_failures_show_the_text_as_it_was_written() -> None:
    """The rewritten text is nobody's business."""
    with pytest.raises(EvaluationFailed) as failed:
        value("$match('x', /a(?=b)/)")
    assert failed.value.cause.startswith("The JSONata expression '$match('x', /a(?=b)/)' specified")
