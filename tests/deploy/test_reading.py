"""The text of templates."""

from __future__ import annotations

import pytest

from stepwell.deploy.reading import read_document, read_template
from stepwell.errors import ServiceError
from stepwell.values import JsonValue

RESOURCE = "Resources: {Q: {Type: 'AWS::SQS::Queue'}}\n"


def value(text: str) -> JsonValue:
    """What a YAML value in a document stands for."""
    return read_document(f"V: {text}\n")["V"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref A", {"Ref": "A"}),
        ("!Sub '${A}-b'", {"Fn::Sub": "${A}-b"}),
        ("!Sub ['${A}', {A: 1}]", {"Fn::Sub": ["${A}", {"A": 1}]}),
        ("!GetAtt A.B", {"Fn::GetAtt": ["A", "B"]}),
        ("!GetAtt A.Outputs.B", {"Fn::GetAtt": ["A", "Outputs.B"]}),
        ("!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}),
        ("!Join [',', [!Ref A, !Ref B]]", {"Fn::Join": [",", [{"Ref": "A"}, {"Ref": "B"}]]}),
        ("!If [C, !Ref 'AWS::NoValue', 2]", {"Fn::If": ["C", {"Ref": "AWS::NoValue"}, 2]}),
        ("!FindInMap [M, !Ref A, b]", {"Fn::FindInMap": ["M", {"Ref": "A"}, "b"]}),
        ("!ImportValue x", {"Fn::ImportValue": "x"}),
        ("!Base64 12", {"Fn::Base64": "12"}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!Select [0, !GetAZs '']", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        ("!Split [',', 'a,b']", {"Fn::Split": [",", "a,b"]}),
        ("!Cidr [10.0.0.0/16, 2, 8]", {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}),
        (
            "!And [!Condition A, !Not [!Equals [a, b]]]",
            {"Fn::And": [{"Condition": "A"}, {"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}]},
        ),
        ("!Or [!Condition A, !Condition B]", {"Fn::Or": [{"Condition": "A"}, {"Condition": "B"}]}),
        ("!Transform {Name: 'AWS::Include'}", {"Fn::Transform": {"Name": "AWS::Include"}}),
        ("!Length [1, 2]", {"Fn::Length": [1, 2]}),
        ("!ToJsonString {a: 1}", {"Fn::ToJsonString": {"a": 1}}),
    ],
)
def test_short_forms_are_written_out(text: str, expected: JsonValue) -> None:
    """Short forms are written out."""
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2012-10-17", "2012-10-17"),
        ("2010-09-09T10:00:00Z", "2010-09-09T10:00:00Z"),
        ("12:30", "12:30"),
        ("000000000000", "000000000000"),
        ("012345678901", "012345678901"),
        ("123456789012", 123456789012),
        ("99999999999999999999", "99999999999999999999"),
        ("yes", True),
        ("'yes'", "yes"),
        ("!!str 5", "5"),
        ("1.5", 1.5),
        (".inf", ".inf"),
        ("0x1F", 31),
        ("-3", -3),
    ],
)
def test_plain_scalars_mean_what_templates_mean(text: str, expected: JsonValue) -> None:
    """Dates, times and account ids stay text, the rest is as YAML 1.1 has it."""
    found = value(text)
    assert (found, type(found)) == (expected, type(expected))


def test_the_last_of_several_members_counts() -> None:
    """The last of several members of one name counts, in both notations."""
    assert read_document("a: 1\na: 2\n") == {"a": 2}
    assert read_document('{"a": 1, "a": 2}') == {"a": 2}


def test_aliases_and_merge_keys_are_taken() -> None:
    """Aliases and merge keys are taken; what an object says itself counts."""
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\nd: {<<: [{x: 5}, *a]}\n"
    read = read_document(text)
    assert read["b"] == {"x": 1, "y": 3}
    assert read["c"] == {"x": 1, "y": 2}
    assert read["d"] == {"x": 5, "y": 2}


def test_aliases_that_multiply_are_refused() -> None:
    """Aliases that multiply are refused before anything is as large as they say."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ServiceError, match=r"YAML not well-formed. \(line 6,"):
        read_document("\n".join(lines))


def test_aliases_that_nest_are_refused() -> None:
    """Aliases that nest deeper than a template may are refused."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 120))]
    with pytest.raises(ServiceError, match="YAML not well-formed"):
        read_document("\n".join(lines))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b: c", "YAML not well-formed. (line 1, column 5)"),
        ("a: !Nothing 1", "YAML not well-formed. (line 1, column 4)"),
        ("a: *b", "YAML not well-formed. (line 1, column 4)"),
        ("? [a]\n: b", "YAML not well-formed. (line 1, column 3)"),
        ("a: 1\n---\nb: 2", "YAML not well-formed. (line 2, column 1)"),
        ('{"a": 1,}', "JSON not well-formed. (line 1, column 10)"),
        ("- a", "unsupported structure."),
        ("", "unsupported structure."),
        ("Resources:\n  Q:\n", "[/Resources/Q] 'null' values are not allowed in templates"),
        ("a: " + "[" * 200 + "]" * 200, "YAML not well-formed. (line 1, column 103)"),
        ("Description: x", "At least one Resources member must be defined."),
        ("Resources: {Q: {}}", "[/Resources/Q] Every Resources object must contain a Type member."),
        ("Resources: {Q-1: {Type: a}}", "Resource name Q-1 is non alphanumeric."),
        ("Resources: [1]", "Resources section must be an object."),
        (
            RESOURCE + "Parameters: {A: {Default: a}}",
            "Every Parameters object must contain a Type member.",
        ),
        (
            RESOURCE + "Outputs: {A: {Description: a}}",
            "Every Outputs member must contain a Value object",
        ),
        (
            RESOURCE + "AWSTemplateFormatVersion: 2020-01-01",
            "Unsupported template version 2020-01-01.",
        ),
        (
            "Resources: {Q: {Type: a, DeletionPolicy: Keep}}",
            "Unrecognized DeletionPolicy Keep for resource Q",
        ),
    ],
)
def test_what_is_no_template_is_refused(text: str, message: str) -> None:
    """What is no template is refused, with the place where one is known."""
    with pytest.raises(ServiceError) as refused:
        read_template(text)
    assert refused.value.code == "ValidationError"
    assert refused.value.message == f"Template format error: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Foo: 1\nBar: 2\n", "Invalid template property or properties [Foo, Bar]"),
        ("Globals: {}\n", "Invalid template property or properties [Globals]"),
    ],
)
def test_unknown_sections_are_refused(text: str, message: str) -> None:
    """Unknown sections are refused, and Globals without the transform it belongs to."""
    with pytest.raises(ServiceError) as refused:
        read_template(RESOURCE + text)
    assert refused.value.message == message


def test_a_template_is_read_into_its_parts() -> None:
    """Every section is there, with what its members say."""
    read = read_template(
        """
AWSTemplateFormatVersion: 2010-09-09
Description: A shop
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Timeout: 3}}
Parameters:
  Size: {Type: Number, Default: 5, MinValue: 1, MaxValue: 9, NoEcho: true, AllowedValues: [1, 5]}
Mappings: {M: {a: {b: c}}}
Conditions: {Big: !Equals [!Ref Size, 5]}
Resources:
  Q:
    Type: AWS::SQS::Queue
    Condition: Big
    DependsOn: [R]
    DeletionPolicy: Retain
    UpdateReplacePolicy: Snapshot
    Metadata: {a: b}
    Properties: {QueueName: !Sub 'x-${Size}'}
  R: {Type: AWS::SQS::Queue, DependsOn: Q}
Outputs:
  Url: {Value: !Ref Q, Description: the queue, Condition: Big, Export: {Name: url}}
"""
    )
    assert (read.description, read.transforms) == ("A shop", ("AWS::Serverless-2016-10-31",))
    size = read.parameters["Size"]
    assert (size.default, size.min_value, size.no_echo) == (5, 1.0, True)
    assert size.allowed_values == ("1", "5")
    queue = read.resources["Q"]
    assert queue.properties == {"QueueName": {"Fn::Sub": "x-${Size}"}}
    assert (queue.condition, queue.depends_on) == ("Big", ("R",))
    assert (queue.deletion_policy, queue.update_replace_policy) == ("Retain", "Snapshot")
    assert read.resources["R"].depends_on == ("Q",)
    assert read.outputs["Url"].export_name == "url"
    assert read.outputs["Url"].condition == "Big"
