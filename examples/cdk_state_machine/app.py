"""The app and what must be seen of it."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from examples.kit import REGION, ROLE, World, see

FUNCTIONS = Path(__file__).parent / "functions"
BUS, SOURCE = "commonbus", "com.devpost.commonevent"
TABLE, GROUP = "MessagesTable", "sfnLogGroup"

DEFINITION = {
    "StartAt": "Record Message",
    "TimeoutSeconds": 30,
    "States": {
        "Record Message": {
            "Type": "Task",
            "Comment": "Record message in dynamo",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "TimeoutSeconds": 60,
            "InputPath": "$",
            "Parameters": {
                "FunctionName": "MessageRecorderHandler",
                "Payload": {
                    "MyTaskToken.$": "$$.Task.Token",
                    "Record": {
                        "messageId.$": "$.id",
                        "createdAt.$": "$.time",
                        "event.$": "States.StringToJson($.detail.message)",
                    },
                },
            },
            "ResultSelector": {"Payload.$": "$", "StatusCode.$": "$.statusCode"},
            "ResultPath": "$.recordResult",
            "Next": "Check Status?",
        },
        "Check Status?": {
            "Type": "Choice",
            "InputPath": "$.recordResult",
            "Choices": [
                {"Variable": "$.StatusCode", "NumericEquals": 500, "Next": "Job Failed"},
                {"Variable": "$.StatusCode", "NumericEquals": 200, "Next": "Job Succeed"},
            ],
            "Default": "Job Failed",
        },
        "Job Failed": {"Type": "Fail", "Comment": "Job Failed"},
        "Job Succeed": {"Type": "Succeed", "Comment": "Job Succeed"},
    },
}
TEMPLATE = (
    f'{{"Entries": [{{"EventBusName": "{BUS}", "Source": "{SOURCE}", "DetailType": "transaction",'
    """ "Detail": "$util.escapeJavaScript($input.body).replaceAll("\\\\'", "'")"}]}"""
)
"""Apostrophes are escaped for JavaScript, which JSON does not know: that is taken back."""


def run(world: World) -> None:
    """One message from the HTTP endpoint to the table, seen in the log on its way."""
    world.aws("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": "messageId", "KeyType": "HASH"},
            {"AttributeName": "createdAt", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "messageId", "AttributeType": "S"},
            {"AttributeName": "createdAt", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    world.function(
        "MessageRecorderHandler",
        FUNCTIONS,
        "message-recorder.processor",
        "nodejs14.x",
        environment={"MESSAGES_TABLE_NAME": TABLE},
    )
    machine = _machine(world)
    _rule(world, machine)
    _message(world, machine, _endpoint(world))


def _machine(world: World) -> str:
    logs = world.aws("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    arn = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]["arn"]
    logging = {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
    }
    return world.machine("msgStateMachine", DEFINITION, loggingConfiguration=logging)


def _rule(world: World, machine: str) -> None:
    sqs, events = world.aws("sqs"), world.aws("events")
    dead = sqs.create_queue(QueueName="commonEventProcessorQueueDLQ")["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    events.create_event_bus(Name=BUS)
    rule = "sfnCommonEventProcessorRule"
    events.put_rule(
        Name=rule, EventBusName=BUS, EventPattern=json.dumps({"source": [SOURCE]}), State="ENABLED"
    )
    target = {
        "Id": "Target0",
        "Arn": machine,
        "RoleArn": ROLE,
        "InputPath": "$",
        "RetryPolicy": {"MaximumRetryAttempts": 3},
        "DeadLetterConfig": {"Arn": dead_arn["Attributes"]["QueueArn"]},
    }
    events.put_targets(Rule=rule, EventBusName=BUS, Targets=[target])


def _endpoint(world: World) -> str:
    """POST /message puts the body on the bus."""
    api = world.aws("apigateway")
    rest = api.create_rest_api(name="messages")["id"]
    root = api.get_resources(restApiId=rest)["items"][0]["id"]
    message = api.create_resource(restApiId=rest, parentId=root, pathPart="message")["id"]
    place = {"restApiId": rest, "resourceId": message, "httpMethod": "POST"}
    api.put_method(**place, authorizationType="NONE")
    api.put_integration(
        **place,
        type="AWS",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{REGION}:events:action/PutEvents",
        credentials=ROLE,
        requestParameters={
            "integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'",
            "integration.request.header.Content-Type": "'application/x-amz-json-1.1'",
        },
        requestTemplates={"application/json": TEMPLATE},
    )
    api.put_method_response(**place, statusCode="200")
    api.put_integration_response(**place, statusCode="200")
    api.create_deployment(restApiId=rest, stageName="dev")
    return f"{world.endpoint}/restapis/{rest}/dev/_user_request_/message"


def _message(world: World, machine: str, url: str) -> None:
    body = json.dumps({"message": json.dumps({"message": "A secret message, isn't it"})})
    request = urllib.request.Request(
        url, body.encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        message = json.loads(answer.read())["Entries"][0]["EventId"]
    ended = world.ended(_started(world, machine))
    see("status", ended["status"], "SUCCEEDED")
    see("the machine's event", json.loads(ended["input"])["id"], message)
    world.say("a POST became an event, and the rule's machine recorded it")
    select = f"SELECT * FROM \"{TABLE}\" where messageId = '{message}'"
    items = world.aws("dynamodb").execute_statement(Statement=select)["Items"]
    see(
        "items",
        [item["event"]["S"] for item in items],
        ['{"message":"A secret message, isn\'t it"}'],
    )
    world.say("the table has it, found by a PartiQL select")
    lines = world.aws("logs").filter_log_events(logGroupName=GROUP, filterPattern=f'"{message}"')
    types = {json.loads(line["message"])["type"] for line in lines["events"]}
    see("logged", {"ExecutionStarted", "TaskScheduled", "ChoiceStateEntered"} - types, set())
    world.say("the machine's log has it, found by the message's id")


def _started(world: World, machine: str) -> str:
    def look() -> str | None:
        found: list[dict[str, Any]] = world.aws("stepfunctions").list_executions(
            stateMachineArn=machine
        )["executions"]
        return str(found[0]["executionArn"]) if found else None

    return world.until("an execution started by the rule", look)
