"""What a Task's Resource names: AWS's catalogue, and which rows of it this server runs.

A resource that AWS does not know is refused in AWS's words; one that AWS has and this server has
not is refused by name. To make an integration available, say so in its row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from stepwell.language import sdk_actions
from stepwell.language.diagnostics import Diagnostic, schema_error
from stepwell.language.hints import Nearest, nearest
from stepwell.language.program import Resource
from stepwell.language.resource_hints import no_arn, unknown_arn
from stepwell.values import JsonValue

TOKEN = "waitForTaskToken"
MARK = ".$"
_ACTIVITY = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:activity:[^\s:]{1,80}")
_LAMBDA = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[a-z0-9-]+:function:[A-Za-z0-9_$.:-]+")
_SERVICE = re.compile(
    r"arn:aws[a-z-]*:states:(?:[a-z0-9-]*):(?:\d{12})?:([a-z0-9-]+):([A-Za-z0-9]+)(?:\.(.+))?"
)
_SDK = re.compile(
    r"arn:aws[a-z-]*:states:(?:[a-z0-9-]*):(?:\d{12})?:"
    r"aws-sdk:([a-z0-9]+):([a-z][A-Za-z0-9]*)(?:\.(.+))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """One optimised integration: its patterns on AWS, and its parameters where AWS limits them.

    `runs_here` are the patterns this server runs. Without `parameters` any name is let through.
    """

    patterns: tuple[str, ...]
    runs_here: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    parameters: frozenset[str] = frozenset()


def _rows(
    service: str, actions: str, *patterns: str, required: str = ""
) -> dict[tuple[str, str], Integration]:
    """Rows for the actions (parted by spaces) of one service that differ in nothing."""
    row = Integration(patterns=patterns, required=tuple(required.split()))
    return {(service, action): row for action in actions.split()}


def _item_write(subject: str, *more: str) -> Integration:
    """A write of one item of DynamoDB; `subject` is its Item or Key."""
    shared = (
        "ConditionExpression",
        "ConditionalOperator",
        "Expected",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
        "ReturnValues",
        "ReturnValuesOnConditionCheckFailure",
        "TableName",
    )
    return Integration(
        patterns=("",),
        runs_here=("",),
        required=("TableName", subject),
        parameters=frozenset((*shared, subject, *more)),
    )


CATALOGUE: dict[tuple[str, str], Integration] = {
    ("sqs", "sendMessage"): Integration(
        patterns=("", TOKEN),
        runs_here=("", TOKEN),
        required=("QueueUrl", "MessageBody"),
        parameters=frozenset(
            {
                "DelaySeconds",
                "MessageAttributes",
                "MessageBody",
                "MessageDeduplicationId",
                "MessageGroupId",
                "QueueUrl",
            }
        ),
    ),
    ("states", "startExecution"): Integration(
        patterns=("", "sync", "sync:2", TOKEN),
        runs_here=("", "sync", "sync:2", TOKEN),
        required=("StateMachineArn",),
        parameters=frozenset({"Input", "Name", "StateMachineArn"}),
    ),
    ("apigateway", "invoke"): Integration(
        patterns=("", TOKEN),
        runs_here=("", TOKEN),
        required=("ApiEndpoint", "Method"),
        parameters=frozenset(
            {
                "AllowNullValues",
                "ApiEndpoint",
                "AuthType",
                "Headers",
                "Method",
                "Path",
                "QueryParameters",
                "RequestBody",
                "Stage",
            }
        ),
    ),
    **_rows("athena", "startQueryExecution", "", "sync", required="QueryString"),
    **_rows(
        "athena",
        "getQueryExecution getQueryResults stopQueryExecution",
        "",
        required="QueryExecutionId",
    ),
    **_rows("batch", "submitJob", "", "sync", required="JobName JobQueue JobDefinition"),
    **_rows("bedrock", "invokeModel", "", TOKEN, required="ModelId"),
    **_rows("bedrock", "createModelCustomizationJob", "", "sync"),
    **_rows("bedrock-agentcore", "invokeHarness", ""),
    **_rows("codebuild", "startBuild startBuildBatch", "", "sync", required="ProjectName"),
    **_rows("codebuild", "stopBuild stopBuildBatch retryBuildBatch", ""),
    **_rows("codebuild", "batchDeleteBuilds batchGetReports", ""),
    **_rows("databrew", "startJobRun", "", "sync", required="Name"),
    ("dynamodb", "getItem"): Integration(
        patterns=("",),
        runs_here=("",),
        required=("TableName", "Key"),
        parameters=frozenset(
            {
                "AttributesToGet",
                "ConsistentRead",
                "ExpressionAttributeNames",
                "Key",
                "ProjectionExpression",
                "ReturnConsumedCapacity",
                "TableName",
            }
        ),
    ),
    ("dynamodb", "putItem"): _item_write("Item"),
    ("dynamodb", "deleteItem"): _item_write("Key"),
    ("dynamodb", "updateItem"): _item_write("Key", "AttributeUpdates", "UpdateExpression"),
    **_rows("ecs", "runTask", "", "sync", TOKEN, required="TaskDefinition"),
    **_rows("eks", "createCluster deleteCluster createFargateProfile", "", "sync"),
    **_rows("eks", "deleteFargateProfile createNodegroup deleteNodegroup runJob", "", "sync"),
    **_rows("eks", "call", ""),
    **_rows("elasticmapreduce", "createCluster addStep terminateCluster", "", "sync"),
    **_rows("elasticmapreduce", "cancelStep setClusterTerminationProtection", ""),
    **_rows("elasticmapreduce", "modifyInstanceFleetByName modifyInstanceGroupByName", ""),
    **_rows("emr-containers", "createVirtualCluster", ""),
    **_rows("emr-containers", "deleteVirtualCluster startJobRun", "", "sync"),
    **_rows("emr-serverless", "createApplication startApplication stopApplication", "", "sync"),
    **_rows("emr-serverless", "deleteApplication startJobRun cancelJobRun", "", "sync"),
    ("events", "putEvents"): Integration(
        patterns=("", TOKEN),
        runs_here=("", TOKEN),
        required=("Entries",),
        parameters=frozenset({"Entries"}),
    ),
    **_rows("glue", "startJobRun", "", "sync", required="JobName"),
    ("http", "invoke"): Integration(
        patterns=("",),
        runs_here=("",),
        required=("ApiEndpoint", "Method"),
        parameters=frozenset(
            {
                "ApiEndpoint",
                "Authentication",
                "Headers",
                "InvocationConfig",
                "Method",
                "QueryParameters",
                "RequestBody",
                "Transform",
            }
        ),
    ),
    ("lambda", "invoke"): Integration(
        patterns=("", TOKEN),
        runs_here=("", TOKEN),
        required=("FunctionName",),
        parameters=frozenset(
            {
                "ClientContext",
                "FunctionName",
                "InvocationType",
                "LogType",
                "Payload",
                "Qualifier",
            }
        ),
    ),
    **_rows("mediaconvert", "createJob", "", "sync", required="Role Settings"),
    **_rows("sagemaker", "createLabelingJob createProcessingJob", "", "sync"),
    **_rows("sagemaker", "createTrainingJob createTransformJob", "", "sync"),
    **_rows("sagemaker", "createHyperParameterTuningJob", "", "sync"),
    **_rows("sagemaker", "createEndpoint createEndpointConfig createModel updateEndpoint", ""),
    ("sns", "publish"): Integration(
        patterns=("", TOKEN),
        runs_here=("", TOKEN),
        required=("Message",),
        parameters=frozenset(
            {
                "Message",
                "MessageAttributes",
                "MessageDeduplicationId",
                "MessageGroupId",
                "MessageStructure",
                "PhoneNumber",
                "Subject",
                "TargetArn",
                "TopicArn",
            }
        ),
    ),
}

KINDS_HERE = frozenset({"activity", "lambda"})
"""The kinds of resources outside the catalogue that this server runs."""

_EXPRESS_REFUSALS = {
    # The two spaces that AWS writes before the place come from the blank at the end of this one.
    TOKEN: "Express state machine does not support '.waitForTaskToken' service integration ",
    "sync": "Express state machine does not support '.sync' service integration",
    "sync:2": "Express state machine does not support '.sync' service integration",
}


def parse_resource(arn: str) -> Resource | None:
    """What an ARN names, or None when AWS would not know it."""
    if _ACTIVITY.fullmatch(arn):
        return Resource(kind="activity", arn=arn)
    if _LAMBDA.fullmatch(arn):
        return Resource(kind="lambda", arn=arn)
    if sdk := _SDK.fullmatch(arn):
        service, action, pattern = sdk[1], sdk[2], sdk[3] or ""
        if pattern in ("", TOKEN) and sdk_actions.aws_has(service, action):
            return Resource("service", arn, f"aws-sdk:{service}", action, pattern)
        return None
    if named := _SERVICE.fullmatch(arn):
        service, action, pattern = named[1], named[2], named[3] or ""
        row = CATALOGUE.get((service, action))
        if row is not None and pattern in row.patterns:
            return Resource("service", arn, service, action, pattern)
    return None


def resource_findings(
    arn: str, location: str, *, express: bool, find: Nearest = nearest
) -> list[Diagnostic]:
    """What AWS says against a Resource. Whether this server runs it is `runs_here`."""
    resource = parse_resource(arn)
    if resource is None and not arn.startswith("arn:"):
        return [schema_error("Value is not a valid resource ARN", location, no_arn(arn))]
    if resource is None:
        message = (
            f"The resource provided {arn} is not recognized. The value is not a valid resource "
            "ARN, or the resource is not available in this region."
        )
        return [schema_error(message, location, unknown_arn(arn, CATALOGUE, find))]
    if not express:
        return []
    if resource.kind == "activity":
        return [schema_error("Express state machine does not support Activity ARN", location)]
    refusal = _EXPRESS_REFUSALS.get(resource.pattern)
    return [schema_error(refusal, location)] if refusal else []


Runs = Callable[[Resource], bool]
"""Whether tasks of a resource can be carried out."""


def runs_here(resource: Resource) -> bool:
    """Whether this server runs it now."""
    row = CATALOGUE.get((resource.service, resource.action))
    if row is not None:
        return resource.pattern in row.runs_here
    action = sdk_actions.find(resource.service, resource.action)
    if action is not None:
        return action.runs_here
    return resource.kind in KINDS_HERE


def parameter_findings(
    resource: Resource, parameters: JsonValue, location: str, find: Nearest = nearest
) -> list[Diagnostic]:
    """Findings about the names in the Parameters of an integration whose parameters are known."""
    if not isinstance(parameters, dict):
        return []
    names = {name.removesuffix(MARK) for name in parameters}
    action = sdk_actions.find(resource.service, resource.action)
    if action is not None:
        return sdk_actions.parameter_findings(action, names, location)
    row = CATALOGUE.get((resource.service, resource.action))
    if row is None:
        return []
    findings = [
        schema_error(f"The field '{name}' is required but was missing", location)
        for name in row.required
        if name not in names
    ]
    if row.parameters:
        findings += [
            schema_error(
                f'The field "{name}" is not supported by Step Functions',
                location,
                find(name, row.parameters),
                f"{location}/{name}" if name in parameters else f"{location}/{name}{MARK}",
            )
            for name in sorted(names - row.parameters)
        ]
    return findings
