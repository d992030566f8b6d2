"""Typical mistakes: beside AWS's sentence stands what would be right."""

from __future__ import annotations

import json
from collections.abc import Collection

import pytest

from stepwell.language import hints
from stepwell.language.check import check_definition
from stepwell.values import JsonObject, JsonValue
from tests.language.definitions import BRANCH, machine, passing, task

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"


def resource(arn: str, **parameters: object) -> str:
    """A machine of one Task."""
    state = {"Type": "Task", "Resource": arn, "Parameters": parameters, "End": True}
    return json.dumps({"StartAt": "X", "States": {"X": state}})


def choice(**rule: object) -> str:
    """A machine with one choice rule."""
    states = {
        "X": {"Type": "Choice", "Choices": [{"Next": "Y", "Variable": "$.a", **rule}]},
        "Y": {"Type": "Succeed"},
    }
    return json.dumps({"StartAt": "X", "States": states})


def states(**found: JsonObject) -> str:
    """A machine of these states."""
    return json.dumps({"StartAt": next(iter(found)), "States": found})


MISTAKES: list[tuple[str, str]] = [
    (machine(passing(Type="pass")), "did you mean 'Pass'?"),
    (machine(passing(next="X")), "did you mean 'Next'?"),
    (machine({"type": "Pass", "End": True}), "'type' is written 'Type'"),
    (json.dumps({"startAt": "A", "states": {}}), "'startAt' is written 'StartAt'"),
    (machine(passing(Parameters={"a.$": "States.format('', $.b)"})), "did you mean 'Format'?"),
    (machine(passing(QueryLanguage="jsonata")), "did you mean 'JSONata'?"),
    (machine(passing(Retry=[])), "'Retry' belongs to Task, Parallel and Map states"),
    (machine(passing(Seconds=5)), "'Seconds' belongs to Wait states"),
    (machine({"Type": "Succeed", "End": True}), "'End' belongs to Task, Parallel, Map,"),
    (
        machine(task(Catch=[{"ErrorEquals": ["A"], "Next": "X", "MaxAttempts": 1}])),
        "'MaxAttempts' belongs to Retry",
    ),
    (machine(task(Retry=[{"ErrorEquals": ["A"], "Next": "X"}])), "'Next' belongs to Catch"),
    (machine(task(Retry=[{"ErrorEquals": ["A"], "JitterStrategy": "full"}])), "'FULL'?"),
    (machine(passing(Output="{% 1 %}")), "use ResultSelector, ResultPath and OutputPath here"),
    (machine(passing(Output="{% 1 %}")), 'set "QueryLanguage": "JSONata"'),
    (machine(passing(Parameters={}), QueryLanguage="JSONata"), "use Arguments here"),
    (
        machine(task(TimeoutSecondsPath="$.t"), QueryLanguage="JSONata"),
        "use TimeoutSeconds with an expression here",
    ),
    (machine(task(TimeoutSeconds="30")), "write 30, without quotes"),
    (machine(task(TimeoutSeconds=30.0)), "write 30, without a fraction"),
    (machine(task(TimeoutSeconds="$.t")), "a path stands in 'TimeoutSecondsPath'"),
    (machine(task(TimeoutSeconds="{% 1 %}")), 'expressions need "QueryLanguage": "JSONata"'),
    (machine(passing(End="true")), "write true, without quotes"),
    (machine({"Type": "Pass"}), '"End": true'),
    (machine({"Type": "Pass", "Next": "X"}), "Succeed or Fail"),
    (machine(passing(InputPath="a.b")), "Expected '$' but found 'a'"),
    (machine(passing(ResultPath="$.a[*]")), "one single place"),
    (machine(passing(ResultPath="$$.a")), "not with the context object"),
    (machine({"Type": "Wait", "Timestamp": "tomorrow", "End": True}), "for example 2030"),
    (states(A={"Type": "Pass", "Next": "Sendmail"}, SendMail={"Type": "Succeed"}), "'SendMail'?"),
    (choice(StringEquals=5), "texts stand in quotes"),
    (choice(NumericEquals="5"), "write 5, without quotes"),
    (choice(NumericEquals="$.b"), "a path stands in 'NumericEqualsPath'"),
    (choice(BooleanEquals="true"), "write true, without quotes"),
    (choice(TimestampEquals="5 May"), "for example 2030"),
    (choice(stringEquals="a"), "did you mean 'StringEquals'?"),
    (choice(IsNull=True, End=True), "a rule leads to a state with Next"),
    (resource("${Function}"), "still to be filled in"),
    (resource("{% $f %}"), "a Resource is fixed"),
    (resource("$.function"), "a Resource is fixed"),
    (resource("my-function"), "arn:aws:states:::lambda:invoke"),
    (resource("arn:aws:lambda:::function:f"), "with region and account"),
    (resource("arn:aws:sqs:us-east-1:123456789012:jobs"), "arn:aws:states:::sqs:sendMessage"),
    (
        resource("arn:aws:states:us-east-1:123456789012:stateMachine:m"),
        "arn:aws:states:::states:startExecution",
    ),
    (resource("arn:aws:states:::lambda:invoke.sync"), "without a suffix, .waitForTaskToken"),
    (resource("arn:aws:states:::dynamodb:query"), "aws-sdk:dynamodb:query"),
    (resource("arn:aws:states:::sqs:sendMesage"), "did you mean 'sqs:sendMessage'?"),
    (resource("arn:aws:states:::aws-sdk:dynamodb:Query"), "did you mean 'query'?"),
    (resource("arn:aws:states:::aws-sdk:rds:CreateDBCluster"), "did you mean 'createDBCluster'?"),
    (resource("arn:aws:states:::aws-sdk:dynamo:query"), "did you mean 'dynamodb'?"),
    (resource("arn:aws:states:::aws-sdk:s3:getObjects"), "did you mean 'getObject'?"),
    (resource("arn:aws:states:::aws-sdk:s3:getObject.sync"), "not .sync"),
    (
        resource("arn:aws:states:::lambda:invoke", Functionname="f"),
        "did you mean 'FunctionName'?",
    ),
    (
        machine({"Type": "Map", "ItemProcessor": BRANCH, "End": True, "Iterators": BRANCH}),
        "did you mean 'Iterator'?",
    ),
]


@pytest.mark.parametrize(("text", "hint"), MISTAKES, ids=lambda value: value[-60:])
def test_a_mistake_is_told_with_what_would_be_right(text: str, hint: str) -> None:
    """The hint stands beside one of the findings."""
    assert any(hint in finding.hint for finding in check_definition(text)), check_definition(text)


def test_a_hint_points_at_the_parameter_itself() -> None:
    """AWS names the Parameters; line and column are those of the wrong name."""
    text = resource("arn:aws:states:::lambda:invoke", FunctionName="f", Payloads={}).replace(
        '"Payloads"', '\n"Payloads"'
    )
    (finding,) = check_definition(text)
    assert (finding.line, finding.column) == (2, 1)


def test_valid_functions_need_no_hint() -> None:
    """A function's ARN is fine as it is."""
    assert check_definition(resource(LAMBDA)) == []


def test_names_are_compared_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of wrong names, each like thousands of others, hold nobody up."""
    compared = []

    def count(name: JsonValue, known: Collection[str]) -> str:
        compared.append(len(known))
        return ""

    monkeypatch.setattr(hints, "nearest", count)
    many = {f"S{n}": {"Type": "Pass", "Next": f"T{n}"} for n in range(4_000)}
    check_definition(json.dumps({"StartAt": "S0", "States": many}))
    rules: list[JsonValue] = [
        {"Variable": "$.a", f"StringEqual{n}": "a", "Next": "X"} for n in range(4_000)
    ]
    check_definition(machine({"Type": "Choice", "Choices": rules}))
    arns = {f"S{n}": {**task(), "Resource": f"arn:aws:states:::a{n}:b"} for n in range(2_000)}
    check_definition(json.dumps({"StartAt": "S0", "States": arns}))
    assert 3_000 < sum(compared) <= 3 * hints.COMPARISONS_MAX
