"""Choice rules: 39 operators, And, Or, Not, and what is refused at creation."""

from __future__ import annotations

import contextlib
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.language.choice_operators import (
    DEPTH_MAX,
    OPERATORS,
    compile_wildcards,
    split_wildcards,
)
from stepwell.language.choices import compile_rule, rule_findings
from stepwell.language.program import EvaluationFailed
from stepwell.values import JsonObject, JsonValue
from tests.language.data_environment import NOTHING, DataEnvironment

NO_TEXT = "Expected value of type String"
NO_REFERENCE = "Value is not a Reference Path"
NO_PATH = f"{NO_REFERENCE}: Reference path didn't start with '$'"
ONE_SELECTOR = (
    "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]"
)


def holds(rule: JsonObject, data: JsonValue) -> bool:
    return compile_rule(rule)(data, NOTHING)


def test_there_are_39_operators() -> None:
    """All of the language."""
    assert len(OPERATORS) == 39


ORDERS = {
    "Equals": (False, True, False),
    "GreaterThan": (False, False, True),
    "GreaterThanEquals": (False, True, True),
    "LessThan": (True, False, False),
    "LessThanEquals": (True, True, False),
}
"""Operator -> its answer for a smaller, an equal and a larger left side."""
LADDERS: dict[str, list[JsonValue]] = {
    "Numeric": [-1, 0.5, 2],
    "String": ["", "A", "AB"],
    "Timestamp": ["2012-10-09T19:00:55Z", "2012-10-09T21:00:55.5+02:00", "2012-10-09T19:00:56Z"],
}


@pytest.mark.parametrize(
    ("family", "order", "place"), list(itertools.product(LADDERS, ORDERS, range(3)))
)
def test_comparisons_order_values(family: str, order: str, place: int) -> None:
    """Each operator with a literal and with a path, for a smaller, equal and larger value."""
    low = LADDERS[family]
    expected = ORDERS[order][place]
    rule: JsonObject = {"Variable": "$.l", family + order: low[1]}
    by_path: JsonObject = {"Variable": "$.l", family + order + "Path": "$.r"}
    assert holds(rule, {"l": low[place]}) is expected
    assert holds(by_path, {"l": low[place], "r": low[1]}) is expected


OTHER_KINDS: list[JsonValue] = [None, True, 1, 1.5, "text", "2012-10-09T19:00:55Z", [], {}]
KIND_OF = {
    "Boolean": lambda value: isinstance(value, bool),
    "Numeric": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "String": lambda value: isinstance(value, str),
    "Timestamp": lambda value: isinstance(value, str) and value.startswith("2012"),
}


@pytest.mark.parametrize(
    ("operator", "value"),
    list(
        itertools.product(
            ["BooleanEquals", *(family + order for family in LADDERS for order in ORDERS)],
            OTHER_KINDS,
        )
    ),
)
def test_values_of_another_type_are_never_true(operator: str, value: JsonValue) -> None:
    """Nothing is converted; a mismatch is false, on either side."""
    family = next(name for name in KIND_OF if operator.startswith(name))
    literal: JsonValue = {"Boolean": True, **{name: rung[0] for name, rung in LADDERS.items()}}[
        family
    ]
    if KIND_OF[family](value):
        assert compile_rule({"Variable": "$", operator: literal})(value, NOTHING) in (True, False)
        return
    assert not holds({"Variable": "$", operator: literal}, value)
    assert not holds({"Variable": "$.l", operator + "Path": "$.r"}, {"l": literal, "r": value})


@pytest.mark.parametrize(
    ("value", "literal"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_booleans(value: bool, literal: bool) -> None:
    """Equal or not."""
    assert holds({"Variable": "$", "BooleanEquals": literal}, value) is (value is literal)


@pytest.mark.parametrize(
    ("operator", "matching", "others"),
    [
        ("IsNull", [None], [0, "", False, []]),
        ("IsBoolean", [True, False], [0, 1, "true", None]),
        ("IsNumeric", [0, 1.5, -2], [True, "1", None]),
        ("IsString", ["", "a"], [1, None, []]),
        (
            "IsTimestamp",
            ["2001-01-01T12:00:00Z", "2012-10-09T19:00:55+01:00"],
            [
                "2001-01-01",
                "2012-10-09T19:00:55",
                "2001-01-01T12:00:00z",
                "2001-13-01T12:00:00Z",
                1,
            ],
        ),
    ],
)
def test_type_tests(operator: str, matching: list[JsonValue], others: list[JsonValue]) -> None:
    """The literal says which answer is wanted."""
    for value in matching:
        assert holds({"Variable": "$", operator: True}, value)
        assert not holds({"Variable": "$", operator: False}, value)
    for value in others:
        assert not holds({"Variable": "$", operator: True}, value)
        assert holds({"Variable": "$", operator: False}, value)


def test_presence() -> None:
    """A null is present; a missing variable is no error here."""
    cases: list[tuple[JsonValue, bool]] = [
        ({"x": None}, True),
        ({"x": 1}, True),
        ({}, False),
        (5, False),
    ]
    for data, present in cases:
        assert holds({"Variable": "$.x", "IsPresent": True}, data) is present
        assert holds({"Variable": "$.x", "IsPresent": False}, data) is not present


@pytest.mark.parametrize(
    "operator", sorted(name for name in OPERATORS if name != "IsPresent" and "Path" not in name)
)
def test_a_missing_variable_fails(operator: str) -> None:
    """AWS's sentence, States.Runtime."""
    literal: JsonValue = "2012-10-09T19:00:55Z" if "Timestamp" in operator else True
    with pytest.raises(EvaluationFailed) as failure:
        holds({"Variable": "$.resume_only", operator: literal}, {"a": 1})
    assert failure.value.cause == (
        "Invalid path '$.resume_only': The choice state's condition path references an invalid "
        "value."
    )
    assert failure.value.error == "States.Runtime"


@pytest.mark.parametrize("operator", sorted(name for name in OPERATORS if name.endswith("Path")))
def test_a_missing_other_side_fails(operator: str) -> None:
    """The sentence names the path that found nothing."""
    with pytest.raises(EvaluationFailed, match=r"Invalid path '\$\.right': The choice state's"):
        holds({"Variable": "$.left", operator: "$.right"}, {"left": 1})


def test_context_and_variables() -> None:
    """Both sides may be `$$` paths and variables."""
    env = DataEnvironment({"Execution": {"Input": {"n": 0}}}, {"guess": "a", "answer": "a"})
    assert compile_rule({"Variable": "$$.Execution.Input.n", "NumericLessThanEquals": 0})({}, env)
    assert compile_rule({"Variable": "$guess", "StringEqualsPath": "$answer"})({}, env)


AT_LEAST_20: JsonObject = {"Variable": "$.v", "NumericGreaterThanEquals": 20}
BELOW_30: JsonObject = {"Variable": "$.v", "NumericLessThan": 30}


@pytest.mark.parametrize(
    ("rule", "data", "expected"),
    [
        ({"Not": {"Variable": "$.t", "StringEquals": "Private"}}, {"t": "Private"}, False),
        ({"Not": {"Variable": "$.t", "StringEquals": "Private"}}, {"t": "Public"}, True),
        ({"And": [AT_LEAST_20, BELOW_30]}, {"v": 22}, True),
        ({"And": [AT_LEAST_20, BELOW_30]}, {"v": 30}, False),
        ({"Or": [AT_LEAST_20, BELOW_30]}, {"v": 30}, True),
        ({"Or": [BELOW_30]}, {"v": 30}, False),
        ({"Not": {"And": [{"Or": [{"Variable": "$.v", "IsNull": True}]}]}}, {"v": 1}, True),
    ],
)  # fmt: skip
def test_combinations(rule: JsonObject, data: JsonValue, expected: bool) -> None:
    """And, Or and Not, also inside each other."""
    assert holds(rule, data) is expected
    assert not rule_findings({**rule, "Next": "X"}, "/States/C/Choices[0]", True)


def test_combinations_stop_as_soon_as_they_know() -> None:
    """A presence test protects the comparison behind it."""
    guard: JsonObject = {"Variable": "$.x", "IsPresent": True}
    compare: JsonObject = {"Variable": "$.x", "NumericEquals": 1}
    assert not holds({"And": [guard, compare]}, {})
    assert holds({"Or": [{"Not": guard}, compare]}, {})


def test_texts_are_ordered_as_in_java() -> None:
    """By UTF-16 code units: an emoji stands before the last characters of the basic plane."""
    assert holds({"Variable": "$", "StringLessThan": "\uffe0"}, "\U0001f600")
    assert holds({"Variable": "$", "StringGreaterThan": "z"}, "é")


def test_timestamps_are_compared_to_the_last_digit() -> None:
    """Fractions beyond the millisecond count, zeros at the end do not."""
    fine = "2016-03-05T21:29:29.243167252Z"
    assert holds({"Variable": "$", "TimestampLessThan": fine}, "2016-03-05T21:29:29.243167251Z")
    assert holds(
        {"Variable": "$", "TimestampEquals": "2016-03-05T21:29:29.50Z"},
        "2016-03-05T22:29:29.5+01:00",
    )


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("log-*.txt", "log-2023.txt", True),
        ("log-*.txt", "log-.txt", True),
        ("log-*.txt", "log-.txt2", False),
        ("log-*", "xlog-1", False),
        ("*", "", True),
        ("*", "anything\nelse", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("ab*ba", "aba", False),
        ("*a*a*", "a", False),
        ("**", "x", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        ("a\\\\*", "a\\x", True),
        ("a\\b", "a\\b", True),
        ("a\\", "a\\", True),
        ("a.c", "abc", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_string_matches(pattern: str, text: str, expected: bool) -> None:
    """`*` is the only wildcard; a backslash takes its meaning away."""
    assert holds({"Variable": "$", "StringMatches": pattern}, text) is expected
    assert not holds({"Variable": "$", "StringMatches": pattern}, 1)


@given(st.text(alphabet="ab*\\", max_size=8), st.text(alphabet="ab*\\", max_size=8))
def test_wildcards_are_what_a_regular_expression_says(pattern: str, text: str) -> None:
    """The linear search finds what backtracking finds."""
    regex = ".*".join(re.escape(part) for part in split_wildcards(pattern))
    assert compile_wildcards(pattern)(text) is (re.fullmatch(regex, text, re.DOTALL) is not None)


@pytest.mark.parametrize(
    ("rule", "top_level", "message", "place"),
    [
        (5, True, "Expected value of type Object", ""),
        (
            {"Variable": "$", "Next": "X"},
            True,
            "A choice rule has exactly one operator, but has 0",
            "",
        ),
        (
            {"Variable": "$", "IsNull": True, "IsString": True, "Next": "X"},
            True,
            "There should only be one of the following fields: [IsNull, IsString]",
            "",
        ),
        (
            {"Variable": "$", "IsNull": True},
            True,
            "These fields are required: [Next]",
            "",
        ),
        (
            {"Variable": "$", "IsNull": True, "Next": 5},
            True,
            "Expected value of type String",
            "/Next",
        ),
        (
            {"Variable": "$", "IsNull": True, "Next": "X"},
            False,
            "Field 'Next' is not supported",
            "",
        ),
        (
            {"Variable": "$", "Isnull": True, "IsNull": True},
            False,
            "Field 'Isnull' is not supported",
            "",
        ),
        (
            {"Condition": True, "Variable": "$", "IsNull": True},
            False,
            "The QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported for "
            "the 'JSONata' QueryLanguage",
            "",
        ),
        ({"IsNull": True}, False, "These fields are required: [Variable]", ""),
        ({"Variable": "$", "IsNull": True, "Comment": 1}, False, NO_TEXT, "/Comment"),
        (
            {"Variable": "$", "And": [{"Variable": "$", "IsNull": True}], "Next": "X"},
            True,
            ONE_SELECTOR,
            "",
        ),
        ({"Next": "X"}, True, ONE_SELECTOR, ""),
        (
            {"Not": {"Variable": "$", "IsNull": True}, "IsNull": True},
            False,
            "Field 'IsNull' is not supported",
            "",
        ),
        ({"Variable": "$.a[*]", "IsNull": True}, False, NO_REFERENCE, "/Variable"),
        ({"Variable": "$..a", "IsNull": True}, False, NO_REFERENCE, "/Variable"),
        ({"Variable": "$.a[0,1]", "IsNull": True}, False, NO_REFERENCE, "/Variable"),
        ({"Variable": "$.a[?(@.b)]", "IsNull": True}, False, NO_REFERENCE, "/Variable"),
        ({"Variable": 1, "IsNull": True}, False, "Expected value of type String", "/Variable"),
        ({"Variable": "x", "IsNull": True}, False, NO_PATH, "/Variable"),
        ({"Variable": "$", "IsNull": 1}, False, "Expected value of type Boolean", "/IsNull"),
        (
            {"Variable": "$", "BooleanEquals": "true"},
            False,
            "Expected value of type Boolean",
            "/BooleanEquals",
        ),
        (
            {"Variable": "$", "NumericEquals": True},
            False,
            "Expected value of type Number",
            "/NumericEquals",
        ),
        (
            {"Variable": "$", "StringMatches": 1},
            False,
            "Expected value of type String",
            "/StringMatches",
        ),
        (
            {"Variable": "$", "TimestampEquals": 1},
            False,
            "Expected value of type String",
            "/TimestampEquals",
        ),
        (
            {"Variable": "$", "TimestampEquals": "2016-12-05"},
            False,
            "String does not match RFC3339 timestamp",
            "/TimestampEquals",
        ),
        (
            {"Variable": "$", "StringEqualsPath": "x"},
            False,
            NO_PATH,
            "/StringEqualsPath",
        ),
        ({"And": [], "Next": "X"}, True, "Value cannot be empty", "/And"),
        ({"Or": {}, "Next": "X"}, True, "Expected value of type Array", "/Or"),
        ({"Or": [5], "Next": "X"}, True, "Expected value of type Object", "/Or[0]"),
        (
            {"Not": {"Variable": "$", "IsNull": True, "Next": "X"}, "Next": "X"},
            True,
            "Field 'Next' is not supported",
            "/Not",
        ),
    ],
)
def test_what_is_no_rule_is_found(
    rule: JsonValue, top_level: bool, message: str, place: str
) -> None:
    """Each fault by its own message and place."""
    (finding,) = rule_findings(rule, "/States/C/Choices[0]", top_level)
    assert (finding.message, finding.location) == (message, "/States/C/Choices[0]" + place)
    assert finding.place.startswith(finding.location)
    assert (finding.severity, finding.code) == ("ERROR", "SCHEMA_VALIDATION_FAILED")


def test_all_faults_are_found_in_order() -> None:
    """The findings of inner rules follow the order of the text."""
    rule: JsonObject = {"And": [{"Variable": "a", "IsNull": True}, {"Not": 1}], "Next": "X"}
    places = [finding.location for finding in rule_findings(rule, "", True)]
    assert places == ["/And[0]/Variable", "/And[1]/Not"]


def test_a_misspelt_operator_gets_a_hint() -> None:
    """The nearest known name."""
    rule: JsonObject = {"Variable": "$", "StringEqual": "a", "Next": "X"}
    assert rule_findings(rule, "", True)[0].hint == "did you mean 'StringEquals'?"


def test_a_hostile_rule_makes_no_giant_report() -> None:
    """Findings are bounded, and so are their places."""
    wide: JsonObject = {"And": [5] * 100_000, "Next": "X"}
    assert len(rule_findings(wide, "/p" * 100, True)) <= 1000
    many: JsonObject = {"x" * 5000 + str(number): 1 for number in range(2000)}
    assert len(rule_findings({**many, "Next": "X"}, "", True)) <= 1000


def test_a_comment_and_assign_are_no_operators() -> None:
    """Fields that a rule may have besides."""
    rule: JsonObject = {"Variable": "$", "IsNull": True, "Next": "X", "Comment": "c", "Assign": {}}
    assert not rule_findings(rule, "", True)
    assert holds(rule, None)


def test_a_rule_has_a_greatest_depth() -> None:
    """Deeper rules are a finding, and are not compiled."""
    rule: JsonObject = {"Variable": "$", "IsNull": True}
    for _ in range(DEPTH_MAX + 1):
        rule = {"Not": rule}
    (finding,) = rule_findings({**rule, "Next": "X"}, "", True)
    assert finding.message == "The choice rule is too deeply nested"
    with pytest.raises(ValueError, match="must be an object"):
        compile_rule(rule)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from(["$", "$.a", "x", "2016-03-14T01:59:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from([*sorted(OPERATORS), "And", "Or", "Not"]), inner, max_size=2
        )
    ),
    max_leaves=4,
)
rules = st.dictionaries(
    st.sampled_from(["Variable", "Next", "And", "Or", "Not", "Comment", *sorted(OPERATORS)]),
    values,
    max_size=4,
)


@given(rules, values)
def test_findings_and_compiling_agree(rule: dict[str, JsonValue], data: JsonValue) -> None:
    """A rule without findings compiles, and then answers or raises EvaluationFailed."""
    if rule_findings(rule, "", True):
        return
    with contextlib.suppress(EvaluationFailed):
        assert holds(rule, data) in (True, False)


leaves = st.builds(
    lambda operator, variable, literal, other: {
        "Variable": variable,
        operator: other if operator.endswith("Path") else literal,
    },
    st.sampled_from(sorted(OPERATORS)),
    st.sampled_from(["$", "$.a", "$.b[0]", "$..a"]),
    st.booleans() | st.integers() | st.sampled_from(["a", "2016-03-14T01:59:00Z", "*"]),
    st.sampled_from(["$", "$.a"]),
)


@given(leaves, values)
def test_a_rule_and_its_opposite(rule: dict[str, JsonValue], data: JsonValue) -> None:
    """Not turns the answer round, And and Or of one rule leave it."""
    if rule_findings(rule, "", False):
        return
    try:
        answer = holds(rule, data)
    except EvaluationFailed:
        return
    assert holds({"Not": rule}, data) is not answer
    assert holds({"And": [rule]}, data) is answer
    assert holds({"Or": [rule]}, data) is answer


@pytest.mark.parametrize("rule", [{"And": {}}, {"Variable": "$"}, {"IsNull": True}])
def test_a_rule_with_findings_is_not_compiled(rule: JsonObject) -> None:
    """Compiling refuses what creation would have refused."""
    with pytest.raises(ValueError, match="rule"):
        compile_rule(rule)
