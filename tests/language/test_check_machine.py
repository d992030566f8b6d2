"""The rules of whole machines: shape, names, graph, nesting, size."""

from __future__ import annotations

import json

import pytest

from stepwell.language.check import check_definition
from stepwell.language.fields import DEFINITION_LENGTH_MAX, NESTING_MAX
from stepwell.language.findings import FINDINGS_MAX
from stepwell.language.source import DUPLICATES_MAX
from stepwell.values import JsonObject, JsonValue

Found = tuple[str, str, str]
SUCCEED: JsonObject = {"Type": "Succeed"}


def go(target: str) -> JsonObject:
    """A Pass state that goes on to the target."""
    return {"Type": "Pass", "Next": target}


def found(definition: JsonValue, *, refuse_unreachable: bool = True) -> list[Found]:
    """Codes, messages and places."""
    diagnostics = check_definition(json.dumps(definition), refuse_unreachable=refuse_unreachable)
    return [(finding.code, finding.message, finding.location) for finding in diagnostics]


def schema(message: str, location: str) -> Found:
    """A SCHEMA_VALIDATION_FAILED finding."""
    return "SCHEMA_VALIDATION_FAILED", message, location


def target(name: str, location: str) -> Found:
    """The finding for a transition to nowhere."""
    return "MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {name}", location


def unreached(name: str, location: str) -> Found:
    """The finding for a state nothing leads to."""
    return "MISSING_TRANSITION_TARGET", f'State "{name}" is not reachable.', location


def endless(location: str = "") -> Found:
    """The finding for a scope that never ends."""
    return "MISSING_END_STATE", "Workflow has no terminal state", location


CASES: list[tuple[JsonValue, list[Found]]] = [
    ([], [schema("Definition must be a valid JSON object", "")]),
    ("text", [schema("Definition must be a valid JSON object", "")]),
    ({}, [schema("These fields are required: [States, StartAt]", "/")]),
    ({"StartAt": "A"}, [schema("These fields are required: [States]", "/")]),
    ({"States": {"A": SUCCEED}}, [schema("These fields are required: [StartAt]", "/")]),
    (
        {"StartAt": 1, "States": {"A": SUCCEED}},
        [schema("Expected value of type String", "/StartAt")],
    ),
    ({"StartAt": "A", "States": None}, [schema("Expected value of type Object", "/States")]),
    (
        {"StartAt": "A", "States": {}},
        [schema("Value cannot be empty", "/States")],
    ),
    (
        {"StartAt": "A", "States": {"A": 1}},
        [schema("Expected value of type Object", "/States/A"), endless()],
    ),
    (
        {"StartAt": "A", "States": {"A": SUCCEED}, "Start": 1},
        [schema("Field 'Start' is not supported", "/")],
    ),
    (
        {"StartAt": "A", "States": {"A": SUCCEED}, "Version": "2.0"},
        [schema("Value should be one of the following: [1.0]", "/Version")],
    ),
    (
        {"StartAt": "A", "States": {"A": SUCCEED}, "TimeoutSeconds": -1, "Comment": 1},
        [
            schema("Minimum value is 0", "/TimeoutSeconds"),
            schema("Expected value of type String", "/Comment"),
        ],
    ),
    (
        {"StartAt": "A", "QueryLanguage": 1, "States": {"A": SUCCEED}},
        [schema("Value should be one of the following: [JSONPath, JSONata]", "/QueryLanguage")],
    ),
    (
        {"StartAt": "Z", "States": {"A": go("B"), "B": SUCCEED}},
        [target("Z", "/StartAt"), unreached("A", "/States/A")],
    ),
    (
        {"StartAt": "A", "States": {"A": go("B"), "B": go("A"), "C": go("A")}},
        [endless()],
    ),
    (
        {"StartAt": "A", "States": {"A": SUCCEED, "B": SUCCEED, "C": go("B"), "D": go("D")}},
        [unreached("C", "/States/C"), unreached("D", "/States/D")],
    ),
    (
        {"StartAt": "A", "States": {"A": SUCCEED, "B": go("C"), "C": go("B")}},
        [unreached("B", "/States/B")],
    ),
    (
        {"StartAt": "A", "States": {"A": go("C"), "B": SUCCEED}},
        [target("C", "/States/A/Next"), unreached("B", "/States/B")],
    ),
    ({"StartAt": "A", "States": {"A": go("A")}}, [endless()]),
    (
        {
            "StartAt": "A",
            "States": {
                "A": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "Y"}],
                    "Default": "Z",
                },
                "E": SUCCEED,
            },
        },
        [
            target("Z", "/States/A/Default"),
            target("Y", "/States/A/Choices[0]/Next"),
            unreached("E", "/States/E"),
        ],
    ),
    (
        {
            "StartAt": "A",
            "States": {
                "A": {
                    "Type": "Parallel",
                    "Branches": [{"StartAt": "B", "States": {"B": go("E")}}],
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Y"}],
                    "Next": "E",
                },
                "E": SUCCEED,
            },
        },
        [
            target("E", "/States/A/Branches[0]/States/B/Next"),
            endless("/States/A/Branches[0]"),
            target("Y", "/States/A/Catch[0]/Next"),
        ],
    ),
    (
        {
            "StartAt": "A",
            "States": {
                "A": {
                    "Type": "Parallel",
                    "Branches": [{"StartAt": "A", "States": {"A": SUCCEED}}],
                    "End": True,
                },
            },
        },
        [
            (
                "DUPLICATE_STATE_NAME",
                "Duplicate State name: A",
                "/States/A/Branches[0]/States/A",
            )
        ],
    ),
    (
        {"StartAt": "A" * 81, "States": {"A" * 81: SUCCEED}},
        [
            (
                "INVALID_STATE_NAME",
                f"Invalid State name: State '{'A' * 81}' exceeds the 80-character limit allowed "
                "by the service",
                "/States/" + "A" * 81,
            )
        ],
    ),
    (
        {"StartAt": "", "States": {"": SUCCEED}},
        [("INVALID_STATE_NAME", "State name cannot be empty", "/States/")],
    ),
]


@pytest.mark.parametrize(
    ("definition", "expected"), CASES, ids=lambda value: json.dumps(value)[:60]
)
def test_a_broken_machine_is_named_in_words_and_place(
    definition: JsonValue, expected: list[Found]
) -> None:
    """Shape, names and transitions, all findings at once."""
    assert found(definition) == expected


def test_names_of_eighty_characters_and_emoji_are_fine() -> None:
    """Only longer names are refused."""
    name = "😀" * 80
    assert found({"StartAt": name, "States": {name: SUCCEED}, "Version": "1.0"}) == []


def test_unreached_states_can_be_let_through() -> None:
    """The server may be told to take what AWS refuses here."""
    definition: JsonObject = {"StartAt": "A", "States": {"A": SUCCEED, "B": SUCCEED}}
    assert found(definition) == [unreached("B", "/States/B")]
    assert found(definition, refuse_unreachable=False) == []


def test_a_text_of_nothing_is_no_object() -> None:
    """White space holds no definition."""
    finding = check_definition(" \n")[0]
    assert finding.message == "Definition must be a valid JSON object"
    assert (finding.line, finding.column) == (1, 1)


def test_broken_json_is_answered_in_the_words_of_awss_parser() -> None:
    """Code, sentence and place as AWS recorded them."""
    finding = check_definition("not a definition")[0]
    place = '[Source: (String)"not a definition"; line: 1, column: 4]'
    assert finding.code == "INVALID_JSON_DESCRIPTION"
    assert finding.location == place
    assert finding.message == (
        "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token "
        f"'null', 'true' or 'false')\n at {place}"
    )
    assert (finding.line, finding.column) == (1, 3)


def test_a_definition_over_a_megabyte_is_refused() -> None:
    """The bound is on characters."""
    text = json.dumps({"StartAt": "A", "States": {"A": SUCCEED}})
    assert check_definition(text.ljust(DEFINITION_LENGTH_MAX)) == []
    codes = [finding.code for finding in check_definition(text.ljust(DEFINITION_LENGTH_MAX + 1))]
    assert codes == ["SCHEMA_VALIDATION_FAILED"]


def nested(depth: int) -> JsonValue:
    """Arrays and objects within each other."""
    value: JsonValue = []
    for level in range(depth - 1):
        value = [value] if level % 2 else {"a": value}
    return value


def test_too_deep_nesting_is_refused_with_its_place() -> None:
    """What is deeper than the bound is never walked."""
    state: JsonObject = {"Type": "Pass", "End": True}
    definition: JsonObject = {"StartAt": "A", "States": {"A": state}}
    state["Result"] = nested(NESTING_MAX - 3)
    assert found(definition) == []
    state["Result"] = nested(NESTING_MAX - 2)
    ((code, _, location),) = found(definition)
    assert code == "TOO_DEEPLY_NESTED"
    assert location.startswith("/States/A/Result")


def test_nesting_that_no_parser_survives_is_refused() -> None:
    """A hundred thousand brackets are a finding, not a crash."""
    finding = check_definition("[" * 100_000)[0]
    assert finding.code == "TOO_DEEPLY_NESTED"


def test_a_repeated_state_name_is_an_error_and_any_other_repeated_key_a_warning() -> None:
    """JSON would silently keep the last of them only."""
    text = """{
      "StartAt": "A", "StartAt": "A",
      "States": {
        "A": {"Type": "Succeed"},
        "A": {"Type": "Succeed", "Comment": "x", "Comment": "y"}
      }
    }"""
    diagnostics = check_definition(text)
    assert [
        (finding.severity, finding.code, finding.location, finding.line) for finding in diagnostics
    ] == [
        ("WARNING", "DUPLICATE_FIELD", "/StartAt", 2),
        ("ERROR", "DUPLICATE_STATE_NAME", "/States/A", 5),
        ("WARNING", "DUPLICATE_FIELD", "/States/A/Comment", 5),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"Branches": [{"States": {"B": 1, "B": 2}}]}', "DUPLICATE_STATE_NAME"),
        ('{"ItemProcessor": {"States": {"B": 1, "B": 2}}}', "DUPLICATE_STATE_NAME"),
        ('{"Result": {"States": {"B": 1, "B": 2}}}', "DUPLICATE_FIELD"),
        ('{"Result": {"A": {"B": 1, "B": 2}}}', "DUPLICATE_FIELD"),
    ],
)
def test_only_repeated_names_of_states_are_errors(text: str, code: str) -> None:
    """An object called States in somebody's data holds no states."""
    codes = [finding.code for finding in check_definition('{"States": {"A/b": ' + text + "}}")]
    assert code in codes
    assert len({"DUPLICATE_FIELD", "DUPLICATE_STATE_NAME"} & set(codes)) == 1


def test_findings_bring_line_and_column() -> None:
    """A place inside an array, and one that is not there, are found or come near."""
    text = """{"StartAt": "A", "States": {
  "A": {"Type": "Parallel", "End": true, "Branches": [
    {"StartAt": "B", "States": {"B": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Succeed"}}},
    {"StartAt": "D"}]}}}"""
    (finding,) = check_definition(text)
    assert finding.location == "/States/A/Branches[1]"
    assert (finding.line, finding.column) == (4, 5)


def test_the_report_is_bounded() -> None:
    """Thousands of mistakes, or mistakes under a huge name, do not make a huge report."""
    many: JsonObject = {f"x{number}": 1 for number in range(5_000)}
    definition: JsonObject = {"StartAt": "A", "States": {"A": {"Type": "Succeed", **many}}}
    assert len(found(definition)) == FINDINGS_MAX
    name = "N" * 300_000
    definition = {"StartAt": name, "States": {name: {"Type": "Succeed", **many}}}
    assert len(found(definition)) == 3
    text = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"%s}}}' % (', "Comment": "x"' * 500)
    assert len(check_definition(text)) == DUPLICATES_MAX


def test_errors_are_named_even_among_thousands_of_warnings() -> None:
    """The bound on one kind leaves the others alone."""
    templates: JsonObject = {f"x{number}": "$.a" for number in range(5_000)}
    definition: JsonObject = {
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Parameters": templates, "Next": "B"}},
    }
    codes = [code for code, _, _ in found(definition)]
    assert codes[:2] == ["MISSING_TRANSITION_TARGET", "MISSING_END_STATE"]
    assert codes[2:] == ["NO_DOLLAR"] * FINDINGS_MAX
