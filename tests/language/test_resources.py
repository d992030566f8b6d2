"""What a Task's Resource may name."""

from __future__ import annotations

import pytest

from stepwell.language.program import Resource
from stepwell.language.resources import (
    CATALOGUE,
    parameter_findings,
    parse_resource,
    resource_findings,
    runs_here,
)
from stepwell.values import JsonObject

ACTIVITY = "arn:aws:states:eu-west-1:123456789012:activity:do it"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST"


@pytest.mark.parametrize(
    ("arn", "resource"),
    [
        (
            "arn:aws:states:eu-west-1:123456789012:activity:work",
            Resource("activity", "arn:aws:states:eu-west-1:123456789012:activity:work"),
        ),
        (LAMBDA, Resource("lambda", LAMBDA)),
        (
            "arn:aws:states:::sqs:sendMessage",
            Resource("service", "arn:aws:states:::sqs:sendMessage", "sqs", "sendMessage"),
        ),
        (
            "arn:aws-cn:states:cn-north-1:123456789012:states:startExecution.sync:2",
            Resource(
                "service",
                "arn:aws-cn:states:cn-north-1:123456789012:states:startExecution.sync:2",
                "states",
                "startExecution",
                "sync:2",
            ),
        ),
        (
            "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess.waitForTaskToken",
            Resource(
                "service",
                "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess.waitForTaskToken",
                "aws-sdk:sfn",
                "sendTaskSuccess",
                "waitForTaskToken",
            ),
        ),
        ("arn:aws:states:::aws-sdk:sfn:sendTaskSuccess.sync", None),
        ("arn:aws:states:::aws-sdk:sfn:SendTaskSuccess", None),
        ("arn:aws:states:::aws-sdk:sfn:sendTaskSuccesses", None),
        ("arn:aws:states:::aws-sdk:stepfunctions:sendTaskSuccess", None),
        ("arn:aws:states:::sqs:sendMessage.sync", None),
        ("arn:aws:states:::sqs:foo", None),
        ("arn:aws:states:::dynamodb:putItem.waitForTaskToken", None),
        (ACTIVITY, None),
        ("arn:aws:states:::", None),
        ("", None),
    ],
)
def test_an_arn_names_a_resource_or_none(arn: str, resource: Resource | None) -> None:
    """Service, action and pattern must be AWS's."""
    assert parse_resource(arn) == resource


def messages(arn: str, *, express: bool = False) -> list[str]:
    """The findings' texts."""
    return [finding.message for finding in resource_findings(arn, "/Resource", express=express)]


def test_an_unknown_resource_is_refused_in_awss_words() -> None:
    """Unknown service, action or pattern; what is no ARN at all has its own sentence."""
    (finding,) = resource_findings("arn:aws:states:::sqs:sendMessage.sync", "/R", express=False)
    assert finding.message == (
        "The resource provided arn:aws:states:::sqs:sendMessage.sync is not recognized. The value "
        "is not a valid resource ARN, or the resource is not available in this region."
    )
    assert finding.hint == "this action can be used: without a suffix, .waitForTaskToken"
    (finding,) = resource_findings("arn:aws:states:::sqs:foo", "/R", express=False)
    assert finding.hint == ""
    (finding,) = resource_findings("arn:aws:nowhere", "/R", express=False)
    assert finding.hint == ""
    assert messages("sendToken") == ["Value is not a valid resource ARN"]


def test_express_machines_take_no_callbacks_jobs_or_activities() -> None:
    """The words are recorded, the blank at the end of the first included."""
    refusal = "Express state machine does not support '{}' service integration"
    token = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    assert messages(token, express=True) == [refusal.format(".waitForTaskToken") + " "]
    for suffix in ("sync", "sync:2"):
        arn = f"arn:aws:states:::states:startExecution.{suffix}"
        assert messages(arn, express=True) == [refusal.format(".sync")]
    activity = "arn:aws:states:eu-west-1:123456789012:activity:work"
    assert messages(activity, express=True) == [
        "Express state machine does not support Activity ARN"
    ]
    assert messages("arn:aws:states:::sqs:sendMessage", express=True) == []
    assert messages(token) == []


@pytest.mark.parametrize(
    ("arn", "here"),
    [
        ("arn:aws:states:eu-west-1:123456789012:activity:work", True),
        ("arn:aws:states:::sqs:sendMessage", True),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", True),
        ("arn:aws:states:::states:startExecution.sync:2", True),
        ("arn:aws:states:::lambda:invoke", True),
        ("arn:aws:states:::athena:getQueryResults", False),
        ("arn:aws:states:::aws-sdk:sqs:sendMessage", True),
        ("arn:aws:states:::aws-sdk:sfn:sendTaskSuccess.waitForTaskToken", True),
        ("arn:aws:states:::aws-sdk:sfn:redriveExecution", True),
        ("arn:aws:states:::aws-sdk:s3:listBuckets", True),
        ("arn:aws:states:::aws-sdk:s3:selectObjectContent", False),
        (LAMBDA, True),
    ],
)
def test_what_runs_here_is_data(arn: str, here: bool) -> None:
    """Activities, and the patterns that the catalogue's rows offer."""
    resource = parse_resource(arn)
    assert resource is not None
    assert runs_here(resource) == here


def test_parameters_are_checked_where_their_names_are_known() -> None:
    """Required names may be given as paths; a template that is no object is left alone."""
    sqs = Resource("service", "", "sqs", "sendMessage")
    assert parameter_findings(sqs, {"QueueUrl": "q", "MessageBody.$": "$"}, "/P") == []
    assert [finding.message for finding in parameter_findings(sqs, {"MessageBody": "x"}, "/P")] == [
        "The field 'QueueUrl' is required but was missing"
    ]
    assert parameter_findings(sqs, "{% $x %}", "/P") == []
    sdk = Resource("service", "", "aws-sdk:sfn", "startExecution")
    assert parameter_findings(sdk, {"StateMachineArn.$": "$.arn", "Input": {}}, "/P") == []
    findings = parameter_findings(sdk, {"stateMachineArn": "a"}, "/P")
    assert [finding.message for finding in findings] == [
        "The field 'StateMachineArn' is required but was missing",
        'The field "stateMachineArn" is not supported by Step Functions',
    ]
    assert findings[1].hint.startswith("did you mean StateMachineArn?")
    elsewhere = Resource("service", "", "aws-sdk:athena", "listBuckets")
    assert parameter_findings(elsewhere, {"anything": 1}, "/P") == []
    cluster = Resource("service", "", "eks", "call")
    assert parameter_findings(cluster, {"Message": "m", "Anything": 1}, "/P") == []


def test_what_runs_here_is_a_part_of_what_aws_runs() -> None:
    """A row cannot offer a pattern that AWS does not have."""
    for row in CATALOGUE.values():
        assert set(row.runs_here) <= set(row.patterns)
        assert not row.parameters or set(row.required) <= row.parameters


@pytest.mark.parametrize(
    ("action", "required"),
    [
        ("athena:startQueryExecution.sync", ["QueryString"]),
        ("athena:getQueryResults", ["QueryExecutionId"]),
        ("batch:submitJob.sync", ["JobName", "JobQueue", "JobDefinition"]),
        ("bedrock:invokeModel", ["ModelId"]),
        ("codebuild:startBuild.sync", ["ProjectName"]),
        ("databrew:startJobRun", ["Name"]),
        ("mediaconvert:createJob", ["Role", "Settings"]),
    ],
)
def test_what_services_elsewhere_require_is_asked_for(action: str, required: list[str]) -> None:
    """As AWS does for every optimised integration; a path counts as given."""
    resource = parse_resource(f"arn:aws:states:::{action}")
    assert resource is not None
    found = parameter_findings(resource, {}, "/P")
    assert [finding.message for finding in found] == [
        f"The field '{name}' is required but was missing" for name in required
    ]
    given: JsonObject = {f"{name}.$": "$.a" for name in required}
    assert parameter_findings(resource, {**given, "More": 1}, "/P") == []


def test_agents_are_invoked_without_being_waited_for() -> None:
    """AWS offers the one pattern."""
    arn = "arn:aws:states:::bedrock-agentcore:invokeHarness"
    assert parse_resource(arn) is not None
    assert parse_resource(f"{arn}.sync") is None
