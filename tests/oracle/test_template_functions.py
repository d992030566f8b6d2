"""Functions of templates, evaluated in a stack."""

from __future__ import annotations

import pytest

from tests.oracle.conftest import REGION, Aws

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: prod}
  Names: {Type: CommaDelimitedList, Default: 'a,b,c'}
Mappings:
  Sizes: {prod: {small: s, large: l}, test: {small: t}}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Test: !Not [!Condition Prod]
  Either: !Or [!Condition Prod, !Condition Test]
  Both: !And [!Condition Prod, !Condition Test]
Resources:
  Jobs: {Type: 'AWS::SQS::Queue', Properties: {QueueName: jobs}}
  Never: {Type: 'AWS::SQS::Queue', Condition: Test}
Outputs:
  V: {Value: %s}
"""


OTHERWISE_IN_MOTO = {
    "!GetAtt [Jobs, QueueName]": "takes the short form with a text only",
    "!Join ['', !Ref Names]": "gives a list parameter as one text",
    "!Select [1, !Ref Names]": "gives a list parameter as one text",
    "!Select [1, !Cidr [10.0.0.0/16, 3, 8]]": "has no Fn::Cidr",
    "!Join [',', !Cidr [192.168.0.0/24, 4, 5]]": "has no Fn::Cidr",
    "!Select [0, !GetAZs '']": "takes the empty region for us-east-1",
    "!If [Test, yes-text, !If [Either, inner, outer]]": "takes Fn::Not of a condition as true",
    "!Join ['', [!Ref Stage, !If [Test, x, !Ref 'AWS::NoValue']]]": "the same",
}
"""Where moto does not do as AWS does, and how."""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("!Ref Stage", "prod"),
        ("!Ref AWS::Region", REGION),
        ("!Ref AWS::StackName", "functions"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!GetAtt Jobs.QueueName", "jobs"),
        ("!GetAtt [Jobs, QueueName]", "jobs"),
        ("!Sub '${Stage}-${Jobs.QueueName}-${!Stage}'", "prod-jobs-${Stage}"),
        ("!Sub ['${a}-${Stage}', {a: !Ref AWS::Region}]", f"{REGION}-prod"),
        ("!Join ['-', [a, !Ref Stage, b]]", "a-prod-b"),
        ("!Join ['', !Ref Names]", "abc"),
        ("!Select [1, !Ref Names]", "b"),
        ("!Select [2, !Split ['/', x/y/z]]", "z"),
        ("!Join ['|', !Split [',', 'a,b,c']]", "a|b|c"),
        ("!FindInMap [Sizes, !Ref Stage, large]", "l"),
        ("!If [Prod, yes-text, no-text]", "yes-text"),
        ("!If [Test, yes-text, !If [Either, inner, outer]]", "inner"),
        ("!If [Both, 'yes', !Sub '${Stage}']", "prod"),
        ("!Base64 hello", "aGVsbG8="),
        ("!Select [1, !Cidr [10.0.0.0/16, 3, 8]]", "10.0.1.0/24"),
        (
            "!Join [',', !Cidr [192.168.0.0/24, 4, 5]]",
            "192.168.0.0/27,192.168.0.32/27,192.168.0.64/27,192.168.0.96/27",
        ),
        ("!Select [0, !GetAZs '']", f"{REGION}a"),
        ("!Join ['', [!Ref Stage, !If [Test, x, !Ref 'AWS::NoValue']]]", "prod"),
    ],
)
def test_a_function_gives_the_same(aws: Aws, value: str, expected: str) -> None:
    """Each function gives the same in both."""
    if aws.is_moto and value in OTHERWISE_IN_MOTO:
        pytest.skip(f"moto {OTHERWISE_IN_MOTO[value]}")
    client = aws("cloudformation")
    client.create_stack(StackName="functions", TemplateBody=TEMPLATE % value)
    client.get_waiter("stack_create_complete").wait(
        StackName="functions", WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
    )
    stack = client.describe_stacks(StackName="functions")["Stacks"][0]
    assert stack["Outputs"][0]["OutputValue"] == expected
    client.delete_stack(StackName="functions")
    client.get_waiter("stack_delete_complete").wait(
        StackName=stack["StackId"], WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
    )
