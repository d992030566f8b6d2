"""Payload templates: what is computed, what is kept, what is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.language.diagnostics import Diagnostic
from stepwell.language.paths import PathSyntaxError
from stepwell.language.program import EvaluationFailed
from stepwell.language.templates import (
    DEPTH_MAX,
    compile_expression,
    compile_template,
    expression_problem,
    expression_variables,
    template_findings,
)
from stepwell.values import JsonValue, encode
from tests.language.data_environment import NOTHING, DataEnvironment


def build(template: JsonValue, data: JsonValue) -> JsonValue:
    return compile_template(template, "Parameters")(data, NOTHING)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ({}, {}),
        ("$.a", "$.a"),
        ([1, "$.a"], [1, "$.a"]),
        ({"a": "$.a"}, {"a": "$.a"}),
        ({"v.$": "$.a"}, {"v": 1}),
        ({"v.$": " $.a "}, {"v": 1}),
        ({"v.$": "$"}, {"v": {"a": 1, "b": [2]}}),
        ({"v.$": "$.b[*]", "w": 0}, {"w": 0, "v": [2]}),
        ({"v.$": "$.nothing[*]"}, {"v": []}),
        ({"v.$": "States.Format('n{}', $.a)"}, {"v": "n1"}),
        ({"deep": {"er": [{"v.$": "$.a"}, 5]}}, {"deep": {"er": [{"v": 1}, 5]}}),
        ([[{"v.$": "$.a"}]], [[{"v": 1}]]),
        ({".$": "$.a"}, {"": 1}),
    ],
)
def test_marked_keys_are_computed(template: JsonValue, expected: JsonValue) -> None:
    """Keys ending in `.$` at any depth lose the ending and get their value; the rest is kept."""
    assert encode(build(template, {"a": 1, "b": [2]})) == encode(expected)


def test_constant_parts_are_shared() -> None:
    """What does not depend on the data is the definition's own value."""
    big: JsonValue = {"rows": [1, 2, 3]}
    assert build(big, {}) is big
    built = build({"big": big, "v.$": "$"}, 1)
    assert isinstance(built, dict)
    assert built["big"] is big


def test_a_template_can_be_used_again() -> None:
    """One run leaves nothing behind for the next."""
    template: JsonValue = {"list": [{"v.$": "$"}], "w": {"v.$": "$"}}
    evaluate = compile_template(template, "Parameters")
    assert evaluate(1, NOTHING) == {"list": [{"v": 1}], "w": {"v": 1}}
    assert evaluate(2, NOTHING) == {"list": [{"v": 2}], "w": {"v": 2}}
    assert template == {"list": [{"v.$": "$"}], "w": {"v.$": "$"}}


def test_computed_members_stand_behind_in_java_order() -> None:
    """As recorded: constants in their order, then the computed ones as Java's hash map has them."""
    template: JsonValue = {
        "original_input.$": "$",
        "iteration_input_value.$": "$",
        "iteration_index.$": "$",
        "from_input_constant.$": "$",
        "constant_value": "c",
    }
    built = build(template, 0)
    assert isinstance(built, dict)
    assert list(built) == [
        "constant_value",
        "iteration_input_value",
        "from_input_constant",
        "iteration_index",
        "original_input",
    ]


def test_more_than_twelve_computed_members() -> None:
    """Java's map has grown by then; the order was recorded too."""
    recorded = [
        "execution",
        "execution_rolearn",
        "execution_name",
        "statemachine_id",
        "execution_id",
        "execution_input",
        "execution_starttime",
        "state_name",
        "state_enteredtime",
        "statemachine",
        "state",
        "context_object",
        "statemachine_name",
    ]
    built = build({f"{name}.$": "$" for name in sorted(recorded)}, 0)
    assert isinstance(built, dict)
    assert list(built) == recorded


def test_context_and_variables_in_a_template() -> None:
    """`$$` and `$name` are read from the environment."""
    env = DataEnvironment({"Task": {"Token": "t"}}, {"v": 7})
    template: JsonValue = {"t.$": "$$.Task.Token", "v.$": "$v"}
    assert compile_template(template, "Parameters")({}, env) == {"t": "t", "v": 7}


def test_a_missing_path_fails_with_aws_sentence() -> None:
    """The field is the key as written, the input stands in the sentence."""
    with pytest.raises(EvaluationFailed) as failure:
        build({"in": {"address.$": "$.application.address"}}, {"flagged": False})
    assert failure.value.cause == (
        "The JSONPath '$.application.address' specified for the field 'address.$' could not be "
        "found in the input '{\"flagged\":false}'"
    )
    assert failure.value.error == "States.Runtime"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$.Error", "e"),
        ("$$.State.Name", "s"),
        ("$$", {"State": {"Name": "s"}}),
        ("$v", 1),
        ("States.Format('{}', $.Error)", "e"),
    ],
)
def test_a_single_expression(text: str, expected: JsonValue) -> None:
    """A `…Path` field may hold a path, a context path, a variable or a function."""
    env = DataEnvironment({"State": {"Name": "s"}}, {"v": 1})
    assert compile_expression(text, "ErrorPath")({"Error": "e"}, env) == expected


@pytest.mark.parametrize("text", ["$.ErrorX", "$w", "$$.Nope"])
def test_a_single_expression_that_finds_nothing(text: str) -> None:
    """As recorded for ErrorPath and CausePath."""
    with pytest.raises(EvaluationFailed) as failure:
        compile_expression(text, "ErrorPath")({"Error": "error-value"}, NOTHING)
    assert failure.value.cause == (
        f"The JSONPath '{text}' specified for the field 'ErrorPath' could not be found in the "
        'input \'{"Error":"error-value"}\''
    )
    assert failure.value.location == "ErrorPath"


SENTENCE = (
    "The value for the field 'parsed.$' must be a valid JSONPath or a valid intrinsic function call"
)


@pytest.mark.parametrize(
    "value",
    [
        'States.StringToJson(\'{"text":"An \\"escaped double quote\\" here"}\')',
        "States.Format('He said, \\\"Hello, {}!\\\"', 'Test \\\"Name\\\" Here')",
        "plain text",
        "",
        "$.",
        1,
        None,
        {"a.$": "$"},
        ["$"],
    ],
)
def test_a_bad_value_is_found_at_creation(value: JsonValue) -> None:
    """Text, code and place are those recorded; the hint says more."""
    (finding,) = template_findings({"parsed.$": value}, "/States/IntrinsicEscape/Parameters")
    assert (finding.severity, finding.code) == ("ERROR", "SCHEMA_VALIDATION_FAILED")
    assert finding.message == SENTENCE
    assert finding.location == "/States/IntrinsicEscape/Parameters"
    assert finding.hint
    with pytest.raises(PathSyntaxError):
        compile_template({"parsed.$": value}, "Parameters")


def test_every_finding_is_reported_with_its_place() -> None:
    """All of them at once, those inside objects and arrays too."""
    template: JsonValue = {"a.$": "x", "in": {"list": [0, {"b.$": "y"}]}, "fine.$": "$.a"}
    places = [finding.location for finding in template_findings(template, "/States/X/Parameters")]
    assert places == ["/States/X/Parameters", "/States/X/Parameters/in/list[1]"]


def test_a_key_twice_is_found() -> None:
    """`a` beside `a.$` would be the same member."""
    found = template_findings({"a": 1, "a.$": "$.a"}, "/P")
    assert found == [
        Diagnostic(
            "ERROR",
            "SCHEMA_VALIDATION_FAILED",
            "The field 'a' must not be specified together with 'a.$'",
            "/P",
        )
    ]


def test_a_hostile_template_makes_no_giant_report() -> None:
    """Findings are bounded, and a long name above many faults is not repeated for each."""
    many: JsonValue = [{"a.$": "x", "b.$": "y"} for _ in range(20_000)]
    found = template_findings({"k" * 300_000: many}, "/P")
    assert 0 < len(found) <= 1000
    assert sum(len(finding.location) for finding in found) < 2_500_000
    assert len(template_findings({f"{n}.$": "x" for n in range(5000)}, "/P")) <= 1000


def test_a_template_has_a_greatest_depth() -> None:
    """Deeper templates are a finding, and are not compiled."""
    template: JsonValue = {"a.$": "$"}
    for _ in range(DEPTH_MAX + 1):
        template = {"in": [template]}
    assert [finding.code for finding in template_findings(template, "/P")] == [
        "SCHEMA_VALIDATION_FAILED"
    ]
    with pytest.raises(PathSyntaxError):
        compile_template(template, "Parameters")


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("$answer", {"answer"}),
        ("$answer.x[0]", {"answer"}),
        ("$.answer", set()),
        ("$$.answer", set()),
        ("States.MathAdd(States.MathAdd($y, $x), $.z)", {"x", "y"}),
        ("States.UUID()", set()),
        ("text", set()),
        ("$-", set()),
        (5, set()),
    ],
)
def test_the_variables_of_an_expression(value: JsonValue, names: set[str]) -> None:
    """Those that paths and the arguments of functions begin with."""
    assert expression_variables(value) == names


def test_a_good_expression_has_no_problem() -> None:
    """None means fine."""
    assert expression_problem("$.a") is None
    assert expression_problem("$.") is not None


keys = st.sampled_from(["a", "b", "a.$", "b.$", "long name", ".$"])
texts = st.sampled_from(
    ["$", "$.a", "$.b[*]", "$$.x", "$v", "States.UUID()", "x", "", "$..a", "$."]
)
templates = st.recursive(
    texts | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=10,
)


@given(templates, st.dictionaries(st.sampled_from(["a", "b"]), st.integers() | st.lists(st.none())))
def test_findings_and_compiling_agree(template: JsonValue, data: dict[str, JsonValue]) -> None:
    """A template compiles when nothing is wrong with it, then gives a value or EvaluationFailed."""
    before = encode(template)
    wrong = [
        found for found in template_findings(template, "/P") if "together" not in found.message
    ]
    try:
        evaluate = compile_template(template, "Parameters")
    except PathSyntaxError:
        assert wrong
        return
    assert not wrong
    with contextlib.suppress(EvaluationFailed):
        assert encode(evaluate(data, NOTHING))
    assert encode(template) == before
