"""The twenty integrations that real definitions use most all run: embedded, or with one setting."""

from __future__ import annotations

import pytest

from stepwell.integrations.outside.integration import OutsideIntegration
from stepwell.integrations.outside.settings import OutsideSettings
from stepwell.integrations.registry import ServiceIntegrations
from stepwell.language.resources import parse_resource
from stepwell.testing.virtual import VirtualClock

SERVICE = "arn:aws:states:::"
EMBEDDED = [
    "arn:aws:lambda:us-east-1:000000000000:function:f",
    "arn:aws:states:us-east-1:000000000000:activity:work",
    *(
        SERVICE + name
        for name in (
            "lambda:invoke",
            "lambda:invoke.waitForTaskToken",
            "sns:publish",
            "sns:publish.waitForTaskToken",
            "sqs:sendMessage",
            "sqs:sendMessage.waitForTaskToken",
            "dynamodb:putItem",
            "dynamodb:getItem",
            "dynamodb:updateItem",
            "dynamodb:deleteItem",
            "states:startExecution",
            "states:startExecution.sync:2",
            "events:putEvents",
            "events:putEvents.waitForTaskToken",
            "http:invoke",
            "apigateway:invoke",
            "apigateway:invoke.waitForTaskToken",
            "aws-sdk:s3:getObject",
            "aws-sdk:s3:putObject",
            "aws-sdk:s3:listObjectsV2",
            "aws-sdk:s3:copyObject",
            "aws-sdk:dynamodb:query",
            "aws-sdk:dynamodb:scan",
            "aws-sdk:dynamodb:batchWriteItem",
            "aws-sdk:eventbridge:putEvents",
            "aws-sdk:ssm:getParameter",
            "aws-sdk:sfn:sendTaskSuccess",
            "aws-sdk:secretsmanager:getSecretValue",
        )
    ),
]
WITH_A_SETTING = [
    SERVICE + name
    for name in (
        "ecs:runTask",
        "ecs:runTask.sync",
        "batch:submitJob",
        "batch:submitJob.sync",
        "glue:startJobRun",
        "glue:startJobRun.sync",
        "aws-sdk:glue:startCrawler",
        "athena:startQueryExecution.sync",
        "athena:getQueryResults",
        "bedrock:invokeModel",
        "aws-sdk:rekognition:detectLabels",
        "aws-sdk:transcribe:startTranscriptionJob",
        "aws-sdk:ssm:sendCommand",
    )
]


def integrations(settings: OutsideSettings) -> ServiceIntegrations:
    """What a server with that file runs."""
    clock = VirtualClock()
    made = ServiceIntegrations()
    made.outside = OutsideIntegration(settings, clock, clock)
    return made


@pytest.mark.parametrize("arn", EMBEDDED)
def test_it_runs_without_any_setting(arn: str) -> None:
    """The service is embedded."""
    resource = parse_resource(arn)
    assert resource is not None
    assert integrations(OutsideSettings()).runs(resource)


@pytest.mark.parametrize("arn", WITH_A_SETTING)
def test_it_runs_with_an_upstream_or_a_mock_and_not_without(arn: str) -> None:
    """One line in the file is enough; without it the resource is refused."""
    resource = parse_resource(arn)
    assert resource is not None
    assert not integrations(OutsideSettings()).runs(resource)
    assert integrations(OutsideSettings(upstream={"*": "http://localhost:1"})).runs(resource)
