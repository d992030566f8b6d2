"""Random templates: nothing but a refusal comes of them, and both notations say the same."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.deploy.intrinsics import FUNCTIONS, resolve
from stepwell.deploy.reading import read_document, read_template
from stepwell.deploy.scope import Unresolved
from stepwell.deploy.survey import survey
from stepwell.errors import ServiceError
from stepwell.values import JsonValue, encode_text
from tests.deploy.templates import scope

MANY = settings(max_examples=150, deadline=None)

NAMES = st.sampled_from(
    ["A", "B", "Q", "Stage", "Names", "Prod", "AWS::Region", "AWS::NoValue", "Nothing", ""]
)
PRINTABLE = st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp"))
"""YAML folds what else ends a line, JSON does not."""
TEXTS = st.one_of(
    NAMES,
    st.sampled_from(["Q.Arn", "${Q.Arn}", "a,b", "prod", "0", "7", "2012-10-17", "12:30", "yes"]),
    st.text(PRINTABLE, max_size=12),
)
LEAVES = st.one_of(TEXTS, st.integers(-(2**40), 2**40), st.booleans(), st.floats(-1e6, 1e6))


def inside(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists, objects and functions around values."""
    function = st.sampled_from([*FUNCTIONS, "Condition", "Fn::Nothing", "Fn::Transform"])
    arguments = st.one_of(values, st.lists(values, max_size=4))
    return st.one_of(
        st.lists(values, max_size=4),
        st.dictionaries(TEXTS, values, max_size=3),
        st.builds(lambda name, argument: {name: argument}, function, arguments),
    )


VALUES = st.recursive(LEAVES, inside, max_leaves=12)

SCOPE = scope(
    """
    Parameters:
      Stage: {Type: String, Default: prod}
      Names: {Type: CommaDelimitedList, Default: 'a,b'}
    Mappings: {A: {prod: {B: 1}}}
    Conditions: {Prod: !Equals [!Ref Stage, prod]}
    Resources: {Q: {Type: 'AWS::SQS::Queue'}}
    """
)


def outcome(value: JsonValue) -> object:
    """What evaluating gives: a value, or how it is refused."""
    try:
        return resolve(value, SCOPE)
    except ServiceError as error:
        return error.message
    except Unresolved as missing:
        return missing.args


@MANY
@given(VALUES)
def test_both_notations_say_the_same(value: JsonValue) -> None:
    """A value written in YAML is the same as in JSON, and is evaluated to the same."""
    document = {"V": value}
    as_yaml = read_document(
        "# YAML\n" + yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    )
    as_json = read_document(encode_text(document))
    assert as_yaml == as_json
    assert outcome(as_yaml["V"]) == outcome(as_json["V"])


def resources(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Resources with random properties."""
    return st.fixed_dictionaries(
        {"Type": st.sampled_from(["AWS::SQS::Queue", "AWS::Serverless::Function", "AWS::X::Y"])},
        optional={
            "Properties": st.dictionaries(
                st.sampled_from(["QueueName", "Tags", "Events", "CodeUri", "Wrong"]), value
            ),
            "DependsOn": value,
            "Condition": NAMES,
            "DeletionPolicy": value,
        },
    )


TEMPLATES = st.fixed_dictionaries(
    {"Resources": st.dictionaries(NAMES, st.one_of(resources(VALUES), VALUES), max_size=4)},
    optional={
        "Transform": st.sampled_from(
            ["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "Mine", 5]
        ),
        "Parameters": st.dictionaries(NAMES, st.one_of(VALUES, st.just({"Type": "String"}))),
        "Mappings": st.one_of(VALUES, st.just({"A": {"B": {"C": "d"}}})),
        "Conditions": st.dictionaries(NAMES, VALUES, max_size=3),
        "Rules": st.dictionaries(NAMES, VALUES, max_size=2),
        "Outputs": st.dictionaries(NAMES, st.one_of(VALUES, st.just({"Value": {"Ref": "Q"}}))),
        "Globals": VALUES,
    },
)


@MANY
@given(TEMPLATES)
def test_nothing_but_findings_comes_of_a_template(document: JsonValue) -> None:
    """A template of any shape is surveyed; what is wrong with it is a finding."""
    assert survey(encode_text(document)).resources is not None


@MANY
@given(st.text(max_size=200))
def test_nothing_but_a_refusal_comes_of_a_text(text: str) -> None:
    """A text of any kind is a template or is refused."""
    with suppress(ServiceError):
        assert read_template(text).resources
