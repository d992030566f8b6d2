"""Expressions: no text breaks the parser, and what is wrong is told in AWS's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.errors import ServiceError
from stepwell.services.dynamodb.expressions.apply import updated
from stepwell.services.dynamodb.expressions.conditions import parse_condition
from stepwell.services.dynamodb.expressions.evaluate import holds
from stepwell.services.dynamodb.expressions.placeholders import Placeholders
from stepwell.services.dynamodb.expressions.projections import parse_projection, project
from stepwell.services.dynamodb.expressions.updates import parse_update
from stepwell.services.dynamodb.partiql.parser import parse

VALUES = {":s": {"S": "x"}, ":n": {"N": "1"}, ":l": {"L": []}, ":ss": {"SS": ["a"]}}
NAMES = {"#a": "a", "#b": "b.c"}
ITEM: dict[str, Any] = {
    "a": {"N": "1"},
    "l": {"L": [{"S": "x"}, {"M": {"m": {"N": "2"}}}]},
    "m": {"M": {"l": {"L": []}}},
    "ss": {"SS": ["a", "b"]},
}

WORDS = """
a l m ss #a #b #z :s :n :l :ss :z = <> < <= > >= ( ) [ ] 0 1 99999999999 . , + - AND OR NOT IN
BETWEEN SET REMOVE ADD DELETE size contains begins_with attribute_exists attribute_type name
attribute_not_exists if_not_exists list_append SELECT FROM WHERE * ' " ? << >> { } : INSERT INTO
VALUE UPDATE 'x' "a" IS MISSING NULL ORDER BY DESC é @
"""
words = st.sampled_from(WORDS.split())
noise = st.one_of(st.lists(words, max_size=14).map(" ".join), st.text(max_size=20))


def placeholders() -> Placeholders:
    """The names and values of all tests."""
    return Placeholders(NAMES, VALUES)


@given(noise)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but a ValidationException ever comes out of an expression."""
    for run in (_condition, _update, _projection, _statement):
        assert _refusal(run, text) in (None, "ValidationException")


def _refusal(run: Callable[[str], None], text: str) -> str | None:
    try:
        run(text)
    except ServiceError as error:
        return error.code
    return None


def _condition(text: str) -> None:
    holds(parse_condition(text, "ConditionExpression", placeholders()), ITEM)


def _update(text: str) -> None:
    updated(ITEM, parse_update(text, placeholders()))


def _projection(text: str) -> None:
    project(ITEM, parse_projection(text, placeholders()))


def _statement(text: str) -> None:
    parse(text, [{"S": "x"}])


def test_deep_nesting_is_refused() -> None:
    """And not by running out of stack."""
    for text in ("(" * 500 + "a = :s" + ")" * 500, "NOT " * 1_000 + "a = :s"):
        with pytest.raises(ServiceError):
            _condition(text)
    with pytest.raises(ServiceError):
        _update("SET a = " + "(" * 1_000 + ":n" + ")" * 1_000)
    for text in ("if_not_exists(a, " * 200, "list_append(l, " * 200):
        with pytest.raises(ServiceError):
            _update("SET a = " + text)
    with pytest.raises(ServiceError):
        _condition("size(" * 800)
    with pytest.raises(ServiceError):
        _statement("SELECT * FROM t WHERE " + "(" * 5_000)
    with pytest.raises(ServiceError):
        _statement("SELECT * FROM t WHERE a = " + "[" * 5_000)


CONDITIONS = [
    ("", "The expression can not be empty;"),
    ("a", 'Syntax error; token: "<EOF>", near: "a"'),
    ("a = ", 'Syntax error; token: "<EOF>", near: "= "'),
    ("a = = :s", 'Syntax error; token: "=", near: "= = :s"'),
    ("a @ :s", 'Syntax error; token: "@", near: "a @ "'),
    ("foo(a)", "Invalid function name; function: foo"),
    (
        "size(a)",
        "The function is not allowed to be used this way in an expression; function: size",
    ),
    (
        "attribute_exists(a, l)",
        "Incorrect number of operands for operator or function; operator or function:"
        " attribute_exists, number of operands: 2",
    ),
    (
        "attribute_exists(:s)",
        "Operator or function requires a document path; operator or function: attribute_exists",
    ),
    (
        "begins_with(a, :n)",
        "Incorrect operand type for operator or function; operator or function: begins_with,"
        " operand type: N",
    ),
    (
        "attribute_type(a, :s)",
        "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
    ),
    ("((a = :s))", "The expression has redundant parentheses;"),
    (
        "a = a",
        "The first operand must be distinct from the remaining operands for this operator or"
        " function; operator: =, first operand: [a]",
    ),
    (
        "a < :ss",
        "Incorrect operand type for operator or function; operator or function: <,"
        " operand type: SS",
    ),
    (
        "#q = :s",
        "An expression attribute name used in the document path is not defined; attribute name: #q",
    ),
]


@pytest.mark.parametrize(("text", "problem"), CONDITIONS)
def test_conditions_are_refused_in_aws_words(text: str, problem: str) -> None:
    """Each with the parameter that is meant."""
    with pytest.raises(ServiceError) as caught:
        _condition(text)
    assert caught.value.message == f"Invalid ConditionExpression: {problem}"


UPDATES = [
    ("SET a", 'Syntax error; token: "<EOF>", near: "a"'),
    ("SET a = :n SET l = :n", 'The "SET" section can only be used once in an update expression;'),
    (
        "SET a = :n, a.b = :n",
        "Two document paths overlap with each other; must remove or rewrite one of these paths;"
        " path one: [a], path two: [a, b]",
    ),
    (
        "SET a.b = :n REMOVE a[0]",
        "Two document paths conflict with each other; must remove or rewrite one of these paths;"
        " path one: [a, b], path two: [a, [0]]",
    ),
    ("SET a = size(l)", "The function is not allowed in an update expression; function: size"),
    (
        "ADD a :s",
        "Incorrect operand type for operator or function; operator: ADD, operand type: STRING,"
        " typeSet: ALLOWED_FOR_ADD_OPERAND",
    ),
    (
        "SET a = a + :s",
        "Incorrect operand type for operator or function; operator or function: +, operand type: S",
    ),
]


@pytest.mark.parametrize(("text", "problem"), UPDATES)
def test_updates_are_refused_in_aws_words(text: str, problem: str) -> None:
    """Each with the parameter that is meant."""
    with pytest.raises(ServiceError) as caught:
        _update(text)
    assert caught.value.message == f"Invalid UpdateExpression: {problem}"


LATE = [
    (
        "SET q = nothing",
        "The provided expression refers to an attribute that does not exist in the item",
    ),
    ("SET a = l + :n", "An operand in the update expression has an incorrect data type"),
    ("ADD l :n", "An operand in the update expression has an incorrect data type"),
    (
        "SET a.x = :n",
        "The document path provided in the update expression is invalid for update",
    ),
    (
        "SET nothing.x = :n",
        "The document path provided in the update expression is invalid for update",
    ),
]


@pytest.mark.parametrize(("text", "message"), LATE)
def test_updates_that_do_not_fit_the_item(text: str, message: str) -> None:
    """Told without the parameter, as AWS does."""
    with pytest.raises(ServiceError) as caught:
        _update(text)
    assert caught.value.message == message


def test_an_update_leaves_the_item_it_was_made_from() -> None:
    """What was read before is what it was."""
    before = repr(ITEM)
    after = updated(ITEM, parse_update("SET l[1].m = :n, m.q = :s REMOVE l[0]", placeholders()))
    assert repr(ITEM) == before
    assert after["l"] == {"L": [{"M": {"m": {"N": "1"}}}]}
    assert after["m"] == {"M": {"l": {"L": []}, "q": {"S": "x"}}}


def test_projections_keep_the_structure() -> None:
    """Lists close up, maps keep what was asked for."""
    paths = parse_projection("l[1].m, l[0], m, nothing.x", placeholders())
    assert project(ITEM, paths) == {
        "l": {"L": [{"S": "x"}, {"M": {"m": {"N": "2"}}}]},
        "m": {"M": {"l": {"L": []}}},
    }
