"""Mocked results held against the shapes of AWS's answers, embedded services and others."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from botocore.loaders import Loader

from stepwell.integrations.mock_results import mock_complaint
from stepwell.language.program import Resource
from stepwell.models.outputs import outputs_of
from stepwell.values import JsonValue

TOOL = Path(__file__).parents[2] / "tools/output_shapes.py"
WRONG = "Mock result schema validation error: "


def shapes_tool() -> ModuleType:
    """The tool that writes the archive, as a module."""
    spec = importlib.util.spec_from_file_location("output_shapes", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def complaint(
    resource: str, result: JsonValue, *, pattern: str = "", strict: bool = True
) -> str | None:
    """What is said of a result; `resource` is `service:action`."""
    service, action = resource.rsplit(":", 1)
    return mock_complaint(
        Resource("service", "arn", service, action, pattern), result, strict=strict
    )


@pytest.mark.parametrize(
    ("resource", "result", "wrong"),
    [
        ("aws-sdk:kms:encrypt", {"CiphertextBlob": 123}, "Field 'CiphertextBlob' must be a string"),
        ("aws-sdk:kms:encrypt", {"CiphertextBlob": "YQ==", "Other": 1}, None),
        (
            "aws-sdk:ec2:describeInstances",
            {"Reservations": {}},
            "Field 'Reservations' must be an array",
        ),
        (
            "aws-sdk:ec2:describeInstances",
            {"Reservations": [{"Instances": [{"InstanceType": "t0.none"}]}]},
            "Field 'InstanceType' is not an expected value",
        ),
        ("aws-sdk:s3:putObject", {"SSEKMSKeyId": 1}, "Field 'SSEKMSKeyId' must be a string"),
        ("aws-sdk:s3:putObject", {"SsekmsKeyId": 1}, "Field 'SsekmsKeyId' must be a string"),
        ("aws-sdk:glue:getTable", {"Table": {}}, "Required field 'Name' is missing"),
        ("ecs:runTask", {"Tasks": "x"}, "Field 'Tasks' must be an array"),
        (
            "emr-serverless:startJobRun",
            {"JobRunId": "a"},
            "Required field 'ApplicationId' is missing",
        ),
        ("bedrock:invokeModel", {"Body": {"any": 1}, "ContentType": "text/plain"}, None),
        ("bedrock:invokeModel", {"Body": "x"}, "Required field 'ContentType' is missing"),
        (
            "aws-sdk:lambda:getFunction",
            {"Configuration": {"MemorySize": 1}},
            "Field 'MemorySize' is less than the minimum value",
        ),
        (
            "aws-sdk:dynamodb:getItem",
            {"Item": {"a": {"L": [{"S": 1}]}}},
            "Field 'S' must be a string",
        ),
        ("http:invoke", {"StatusCode": "text"}, None),
        ("apigateway:invoke", 1, None),
        ("eks:call", 1, None),
        ("aws-sdk:nothing:likeIt", 1, None),
        ("aws-sdk:sqs:likeIt", 1, None),
    ],
)
def test_results(resource: str, result: JsonValue, wrong: str | None) -> None:
    """Types, enumerations, bounds and required fields are the API's; the rest is believed."""
    assert complaint(resource, result) == (None if wrong is None else WRONG + wrong)


@pytest.mark.parametrize(
    ("resource", "result", "wrong"),
    [
        ("glue:startJobRun", {"JobRun": 1}, "Field 'JobRun' must be an object"),
        ("glue:startJobRun", {"JobRunId": 1}, None),
        (
            "states:startExecution",
            {"Status": "SUCCEEDED"},
            "Required field 'ExecutionArn' is missing",
        ),
        ("sagemaker:createLabelingJob", {}, "Required field 'LabelingJobStatus' is missing"),
        ("eks:createCluster", {"Cluster": 1}, None),
    ],
)
def test_jobs_are_held_against_what_is_asked_for_their_state(
    resource: str, result: JsonValue, wrong: str | None
) -> None:
    """`.sync` tasks end with the answer of another operation than the one that begins the job."""
    said = complaint(resource, result, pattern="sync")
    assert said == (None if wrong is None else WRONG + wrong)


def test_what_comes_with_a_token_is_believed() -> None:
    """The result of a task that waits for a token is whatever its worker sends."""
    assert complaint("states:startExecution", 1, pattern="waitForTaskToken") is None
    assert complaint("lambda:invoke", [], pattern="waitForTaskToken") is None


def test_present_asks_for_nothing() -> None:
    """Without `strict` required fields may be missing; what is there must be right."""
    assert complaint("aws-sdk:glue:getTable", {"Table": {}}, strict=False) is None
    wrong = complaint("aws-sdk:glue:getTable", {"Table": {"Name": 1}}, strict=False)
    assert wrong == f"{WRONG}Field 'Name' must be a string"


def test_the_archive_has_every_service_that_botocore_has() -> None:
    """Writing the archive again gives no service or operation that we lack."""
    loader, tool = Loader(), shapes_tool()
    for service in ("kms", "glue", "stepfunctions", "dynamodb", "bedrock-runtime"):
        model = loader.load_service_model(service, "service-2")
        ours = outputs_of(tool.task_name(model))
        fresh = tool.outputs(model)
        assert ours is not None
        assert set(fresh["operations"]) <= set(ours.operations)
        assert fresh["shapes"] == [*ours.shapes]
    assert outputs_of("none") is None
