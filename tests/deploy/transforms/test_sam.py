"""The serverless transform."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from textwrap import dedent

import pytest

from stepwell.deploy.template import Template
from stepwell.deploy.transforms.carrying_out import carry_out
from stepwell.errors import ServiceError
from tests.deploy.templates import BARE, template

HEAD = "Transform: AWS::Serverless-2016-10-31\n"
FUNCTION = (
    "Type: AWS::Serverless::Function, "
    "Properties: {CodeUri: 's3://b/k', Handler: a.b, Runtime: python3.12"
)


def made(text: str, **parameters: str) -> Template:
    """What the transform makes of it."""
    return carry_out(template(HEAD + dedent(text)), replace(BARE, parameters=parameters))


def types(text: str) -> Counter[str]:
    """How many of each type the transform makes, `AWS::` left away."""
    resources = made(text).resources.values()
    return Counter(resource.type.removeprefix("AWS::") for resource in resources)


def with_event(kind: str, properties: str) -> str:
    """A function with one event."""
    event = f"Events: {{E: {{Type: {kind}, Properties: {properties}}}}}"
    return f"Resources: {{F: {{{FUNCTION}, {event}}}}}}}\n"


REST = {"ApiGateway::RestApi": 1, "ApiGateway::Deployment": 1, "ApiGateway::Stage": 1}


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("Api", "{Path: /a, Method: get}", {**REST, "Lambda::Permission": 1}),
        (
            "HttpApi",
            "{Path: /a, Method: get}",
            {"ApiGatewayV2::Api": 1, "ApiGatewayV2::Stage": 1, "Lambda::Permission": 1},
        ),
        ("SQS", "{Queue: 'arn:aws:sqs:r:1:q'}", {"Lambda::EventSourceMapping": 1}),
        (
            "Kinesis",
            "{Stream: 'arn:s', StartingPosition: LATEST}",
            {"Lambda::EventSourceMapping": 1},
        ),
        (
            "DynamoDB",
            "{Stream: 'arn:s', StartingPosition: LATEST}",
            {"Lambda::EventSourceMapping": 1},
        ),
        ("SNS", "{Topic: 'arn:t'}", {"SNS::Subscription": 1, "Lambda::Permission": 1}),
        ("Schedule", "{Schedule: rate(1 minute)}", {"Events::Rule": 1, "Lambda::Permission": 1}),
        (
            "ScheduleV2",
            "{ScheduleExpression: rate(1 minute)}",
            {"Scheduler::Schedule": 1, "IAM::Role": 2},
        ),
        (
            "EventBridgeRule",
            "{Pattern: {source: [a]}}",
            {"Events::Rule": 1, "Lambda::Permission": 1},
        ),
        (
            "CloudWatchLogs",
            "{LogGroupName: g, FilterPattern: x}",
            {"Logs::SubscriptionFilter": 1, "Lambda::Permission": 1},
        ),
    ],
)
def test_events_of_functions_come_out(kind: str, properties: str, expected: dict[str, int]) -> None:
    """Events of every kind become the resources that stand for them."""
    assert types(with_event(kind, properties)) == {
        "Lambda::Function": 1,
        "IAM::Role": 1,
        **expected,
    }


def test_a_bucket_event_is_put_on_its_bucket() -> None:
    """A bucket's event becomes part of the bucket."""
    text = with_event("S3", "{Bucket: !Ref B, Events: 's3:ObjectCreated:*'}").rstrip()
    read = made(text[:-1] + ", B: {Type: 'AWS::S3::Bucket'}}")
    bucket = read.resources["B"]
    assert "LambdaConfigurations" in str(bucket.properties["NotificationConfiguration"])
    assert bucket.depends_on == ("FEPermission",)


def test_a_state_machine_comes_out() -> None:
    """Definition, substitutions, events, policies and an alias of a state machine come out."""
    read = made("""
        Resources:
          M:
            Type: AWS::Serverless::StateMachine
            Properties:
              Definition: {StartAt: A, States: {A: {Type: Pass, ResultPath: null, End: true}}}
              DefinitionSubstitutions: {Where: !Ref T}
              Policies: [LambdaInvokePolicy: {FunctionName: f}, AWSLambdaExecute]
              AutoPublishAlias: live
              Events:
                Every: {Type: Schedule, Properties: {Schedule: rate(1 minute)}}
                Post: {Type: Api, Properties: {Path: /go, Method: post}}
          T: {Type: AWS::Serverless::SimpleTable}
          """)
    found = Counter(resource.type.removeprefix("AWS::") for resource in read.resources.values())
    assert found == {
        "StepFunctions::StateMachine": 1,
        "StepFunctions::StateMachineVersion": 1,
        "StepFunctions::StateMachineAlias": 1,
        "IAM::Role": 3,
        "Events::Rule": 1,
        "DynamoDB::Table": 1,
        **REST,
    }
    assert "null" in str(read.resources["M"].properties["DefinitionString"])
    policies = str(read.resources["MRole"].properties)
    assert "arn:aws:iam::aws:policy/AWSLambdaExecute" in policies
    assert "lambda:InvokeFunction" in policies


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("{Type: 'AWS::Serverless::SimpleTable'}", {"DynamoDB::Table": 1}),
        (
            "{Type: 'AWS::Serverless::LayerVersion', Properties: {ContentUri: 's3://b/k'}}",
            {"Lambda::LayerVersion": 1},
        ),
        (
            "{Type: 'AWS::Serverless::HttpApi', Properties: {CorsConfiguration: true}}",
            {"ApiGatewayV2::Api": 1, "ApiGatewayV2::Stage": 1},
        ),
        (
            "{Type: 'AWS::Serverless::Api', Properties: {StageName: p, DefinitionBody:"
            " {openapi: 3.0.1, info: {title: t, version: '1'}, paths: {/a: {get: {}}}}}}",
            REST,
        ),
        (
            "{Type: 'AWS::Serverless::Application', Properties: {Location: 'https://b/t'}}",
            {"CloudFormation::Stack": 1},
        ),
    ],
)
def test_serverless_resources_come_out(resource: str, expected: dict[str, int]) -> None:
    """Each serverless resource becomes those that it stands for."""
    assert types(f"Resources: {{R: {resource}}}\n") == expected


def test_a_connector_gives_permissions() -> None:
    """A connector becomes a policy of the role that needs it."""
    text = (
        f"Resources: {{F: {{{FUNCTION}}}}}, T: {{Type: 'AWS::Serverless::SimpleTable'}},"
        " C: {Type: 'AWS::Serverless::Connector', Properties: {Source: {Id: F},"
        " Destination: {Id: T}, Permissions: [Read]}}}"
    )
    assert types(text)["IAM::ManagedPolicy"] == 1


def test_what_holds_for_all_is_in_each() -> None:
    """`Globals` are in each function, parameters where names depend on them."""
    read = made(
        """
        Globals: {Function: {Runtime: python3.12, Timeout: 7, AutoPublishAlias: live}}
        Parameters: {Key: {Type: String}}
        Resources:
          F:
            Type: AWS::Serverless::Function
            Properties: {CodeUri: {Bucket: b, Key: !Ref Key}, Handler: h}
        """,
        Key="one",
    )
    assert read.resources["F"].properties["Timeout"] == 7
    assert "Globals" not in read.document
    assert "Transform" not in read.document
    assert "FAliaslive" in read.resources


def test_the_same_template_makes_the_same_resources() -> None:
    """Generated logical ids are the same again, so that a second deployment changes nothing."""
    text = with_event("Api", "{Path: /a, Method: get}")
    assert made(text).document == made(text).document


def test_the_translator_leaves_its_input_alone() -> None:
    """The template that was read stays as it was."""
    read = template(HEAD + with_event("Api", "{Path: /a, Method: get}"))
    before = str(read.document)
    carry_out(read, BARE)
    assert str(read.document) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Resources: {F: {Type: 'AWS::Serverless::Function'}}",
            "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application "
            "Specification document. Number of errors found: 1. Resource with id [F] is invalid. ",
        ),
        (
            "Resources: {A: {Type: 'AWS::Serverless::Application', Properties: {Location: "
            "{ApplicationId: a, SemanticVersion: 1.0.0}}}}",
            "Transform AWS::Serverless-2016-10-31 failed with: This server has no Serverless "
            "Application Repository: the Location of [A] must be the URL of a template",
        ),
    ],
)
def test_what_the_transform_refuses_is_told(text: str, message: str) -> None:
    """The transform's own sentences are the reason."""
    with pytest.raises(ServiceError) as refused:
        made(text)
    assert refused.value.message.startswith(message)
