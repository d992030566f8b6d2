"""Intrinsic functions and conditions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stepwell.deploy.intrinsics import resolve
from stepwell.deploy.reading import read_document
from stepwell.deploy.resource_type import Made
from stepwell.deploy.scope import KNOWN_AFTER_APPLY, Unresolved
from stepwell.errors import ServiceError
from stepwell.values import JsonValue
from tests.deploy.templates import scope
from tests.deploy.world import ACCOUNT, REGION, STACK_ID

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: prod}
  Names: {Type: CommaDelimitedList, Default: 'a, b,c'}
  None: {Type: CommaDelimitedList, Default: ''}
Mappings:
  Sizes: {prod: {small: 1, list: [x, y]}}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Test: !Not [!Condition Prod]
  Either: !Or [!Condition Prod, !Condition Test]
  Both: !And [!Condition Prod, !Condition Test]
Resources:
  Made: {Type: 'AWS::SQS::Queue'}
  Later: {Type: 'AWS::SQS::Queue'}
  Never: {Type: 'AWS::SQS::Queue', Condition: Test}
"""
MADE = {"Made": Made("made-id", {"Arn": "made-arn", "Outputs.X": "out", "Deep": {"In": "side"}})}
SCOPE = scope(TEMPLATE, made=MADE, exports={"shared": "there"}, notification_arns=("n",))


def value(text: str) -> JsonValue:
    """A YAML value, evaluated in the stack above."""
    return resolve(read_document(f"V: {text}\n")["V"], SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref Stage", "prod"),
        ("!Ref Names", ["a", "b", "c"]),
        ("!Ref None", []),
        ("!Ref Made", "made-id"),
        ("!Ref AWS::AccountId", ACCOUNT),
        ("!Ref AWS::Region", REGION),
        ("!Ref AWS::StackName", "shop"),
        ("!Ref AWS::StackId", STACK_ID),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref AWS::NotificationARNs", ["n"]),
        ("{a: !Ref 'AWS::NoValue', b: [!Ref 'AWS::NoValue', 1]}", {"b": [1]}),
        ("!GetAtt Made.Arn", "made-arn"),
        ("!GetAtt Made.Outputs.X", "out"),
        ("!GetAtt Made.Deep.In", "side"),
        ("{'Fn::GetAtt': Made.Arn}", "made-arn"),
        (
            "!Sub '${Stage}-${AWS::Region}-${Made.Arn}-${!Literal}-$x'",
            f"prod-{REGION}-made-arn-${{Literal}}-$x",
        ),
        ("!Sub ['${a}${Stage}', {a: !Ref Stage}]", "prodprod"),
        ("!Join ['-', [a, 1, true, !Ref Stage]]", "a-1-true-prod"),
        ("!Join ['', !Ref Names]", "abc"),
        ("!Split ['-', a-b]", ["a", "b"]),
        ("!Select ['1', !Ref Names]", "b"),
        ("!Select [1, !Split ['/', a/b]]", "b"),
        ("!FindInMap [Sizes, !Ref Stage, small]", 1),
        ("!FindInMap [Sizes, prod, list]", ["x", "y"]),
        ("!FindInMap [Sizes, x, y, {DefaultValue: !Ref Stage}]", "prod"),
        ("!FindInMap [Nothing, x, y, {DefaultValue: d}]", "d"),
        ("!ImportValue shared", "there"),
        ("!Base64 hello", "aGVsbG8="),
        ("!GetAZs ''", [f"{REGION}a", f"{REGION}b", f"{REGION}c"]),
        ("!GetAZs us-east-1", ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ("!Cidr [10.0.0.0/16, 2, 8]", ["10.0.0.0/24", "10.0.1.0/24"]),
        ("!Cidr ['2001:db8::/56', 1, 64]", ["2001:db8::/64"]),
        ("!If [Prod, yes-text, !Ref Nothing]", "yes-text"),
        ("!If [Both, 1, {a: !Ref Stage}]", {"a": "prod"}),
        ("{a: !If [Test, 1, !Ref 'AWS::NoValue']}", {}),
        ("!Length [1, 2, 3]", 3),
        ("!Length {Ref: Names}", 3),
        ("!ToJsonString {a: !Ref Stage}", '{"a":"prod"}'),
        ("!Equals [!Ref Stage, prod]", True),
        ("{Condition: {StringEquals: {a: b}}}", {"Condition": {"StringEquals": {"a": "b"}}}),
        ("{Ref: x, Other: y}", {"Ref": "x", "Other": "y"}),
    ],
)
def test_functions_give_what_cloudformation_gives(text: str, expected: JsonValue) -> None:
    """Functions give what CloudFormation gives."""
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "!Ref Nothing",
            "Template format error: Unresolved resource dependencies [Nothing] in the Resources "
            "block of the template",
        ),
        (
            "!Ref Never",
            "Template format error: Unresolved resource dependencies [Never] in the Resources "
            "block of the template",
        ),
        (
            "!GetAtt Nothing.Arn",
            "Template error: instance of Fn::GetAtt references undefined resource Nothing",
        ),
        (
            "!GetAtt Made.Color",
            "Template error: resource Made does not support attribute type Color in Fn::GetAtt",
        ),
        (
            "!GetAtt Made",
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the "
            "resource name and the resource attribute",
        ),
        (
            "!Sub '${Names}'",
            "Template error: variable Names in Fn::Sub expression does not resolve to a string",
        ),
        (
            "!Sub '${A B}'",
            "Template error: variable names in Fn::Sub syntax must contain only alphanumeric "
            "characters, underscores, periods, and colons",
        ),
        (
            "!FindInMap [Sizes, prod, big]",
            "Template error: Unable to get mapping for Sizes::prod::big",
        ),
        (
            "!FindInMap [Colors, a, b]",
            "Template error: Mapping named 'Colors' is not present in the 'Mappings' section of "
            "template.",
        ),
        (
            "!Select [7, [a]]",
            "Template error: Fn::Select  cannot select nonexistent value at index 7",
        ),
        ("!ImportValue nothing", "No export named nothing found."),
        ("!If [Prod, 1]", "Template error: Fn::If requires a list argument with three elements"),
        (
            "!If [Nothing, 1, 2]",
            "Template format error: Unresolved condition dependency Nothing in the Resources "
            "block of the template",
        ),
    ],
)
def test_what_can_not_be_evaluated_is_refused(text: str, message: str) -> None:
    """What can't be evaluated is refused in CloudFormation's words."""
    with pytest.raises(ServiceError) as refused:
        value(text)
    assert (refused.value.code, refused.value.message) == ("ValidationError", message)


def test_a_function_that_does_not_exist_is_named() -> None:
    """A function that does not exist is named together with those that do."""
    with pytest.raises(ServiceError, match="unsupported function: Fn::Nothing Supported functions"):
        value("{'Fn::Nothing': 1}")


@pytest.mark.parametrize(
    "text", ["!Cidr [10.0.0.0/16, 300, 8]", "!Cidr [10.0.0.0/24, 9, 5]", "!Cidr [x, 1, 8]"]
)
def test_subnets_that_do_not_fit_are_refused(text: str) -> None:
    """Subnets that don't fit are refused."""
    with pytest.raises(ServiceError, match="every Fn::Cidr object requires"):
        value(text)


def test_what_is_not_made_yet_is_named() -> None:
    """A reference to a resource that is not made yet says which, and which attribute."""
    with pytest.raises(Unresolved) as missing:
        value("!Sub 'x-${Later.Arn}'")
    assert (missing.value.logical_id, missing.value.attribute) == ("Later", "Arn")
    with pytest.raises(Unresolved) as missing:
        value("[!Ref Later]")
    assert (missing.value.logical_id, missing.value.attribute) == ("Later", None)


def test_a_text_can_stand_for_what_is_not_made_yet() -> None:
    """A change set evaluates everything, with a text for what it can't know."""
    known = replace(SCOPE, unknown=KNOWN_AFTER_APPLY)
    later: JsonValue = {"Ref": "Later"}
    assert resolve({"Fn::Sub": "a-${Later}"}, known) == f"a-{KNOWN_AFTER_APPLY}"
    assert resolve({"Fn::Split": [":", later]}, known) == KNOWN_AFTER_APPLY
    assert resolve({"Fn::Select": [3, {"Fn::Split": [":", later]}]}, known) == KNOWN_AFTER_APPLY
    assert resolve({"Fn::Join": ["", {"Fn::Split": [":", later]}]}, known) == KNOWN_AFTER_APPLY


def test_conditions_see_parameters_and_each_other() -> None:
    """Conditions see parameters and each other, in any order."""
    assert SCOPE.conditions == {"Prod": True, "Test": False, "Either": True, "Both": False}
    assert set(SCOPE.declared) == {"Made", "Later"}
    other = scope(TEMPLATE, {"Stage": "test"})
    assert (other.conditions["Prod"], other.conditions["Test"]) == (False, True)
    assert "Never" in other.declared


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ("{A: !Condition B, B: !Condition A}", "circular condition dependency"),
        ("{A: !Condition C}", "Unresolved condition dependency C in the Conditions block"),
        ("{A: !Equals [!Ref Q, x]}", "Cannot reference resources in the Conditions block"),
        ("{A: !Equals [x]}", "every Fn::Equals object requires a list of 2 string parameters."),
        ("{A: !And [!Equals [x, x]]}", "at least 2 and at most 10 boolean parameters."),
        ("{A: maybe}", "must be a boolean expression"),
    ],
)
def test_conditions_that_can_not_be_evaluated_are_refused(conditions: str, message: str) -> None:
    """Conditions that can't be evaluated are refused."""
    with pytest.raises(ServiceError, match=message):
        scope(f"Conditions: {conditions}\nResources: {{Q: {{Type: 'AWS::SQS::Queue'}}}}\n")
