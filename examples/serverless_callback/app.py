"""The app and what must be seen of it."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from examples.kit import ACCOUNT, REGION, ROLE, World, see

FUNCTIONS = Path(__file__).parent / "functions"
BUCKET = "documents"
NAME = "serverless-callback"
WAITING = "arn:aws:states:::lambda:invoke.waitForTaskToken"
CATCH = [
    {"ErrorEquals": ["ProcessingFailed"], "Next": "ProcessingFailed"},
    {"ErrorEquals": ["States.TaskFailed"], "Next": "UnexpectedFailure"},
]
OUTCOMES = {
    "ContinueProcess": {"Type": "Succeed"},
    "ProcessingFailed": {"Type": "Fail", "Error": "ProcessingFailed"},
    "UnexpectedFailure": {"Type": "Fail", "Error": "UnexpectedFailure"},
}
TEMPLATE = (
    """{"input": "$util.escapeJavaScript($input.json('$')).replaceAll("\\\\'", "'")","""
    """ "stateMachineArn": "%s"}"""
)
"""How the Serverless Framework's plugin writes the request template of an HTTP event."""


def waiting(function: str, payload: dict[str, str]) -> dict[str, Any]:
    """A machine that hands its token to a function and waits."""
    return {
        "StartAt": "WaitForCompletion",
        "States": {
            "WaitForCompletion": {
                "Type": "Task",
                "Resource": WAITING,
                "Parameters": {
                    "FunctionName": function,
                    "Payload": {"taskToken.$": "$$.Task.Token", **payload},
                },
                "Catch": CATCH,
                "Next": "ContinueProcess",
            },
            **OUTCOMES,
        },
    }


def run(world: World) -> None:
    """Good and bad ends, a start by HTTP, and a document in chunks."""
    world.aws("s3").create_bucket(Bucket=BUCKET)
    for name, handler in (
        ("SplitDoc", "split_doc.handler"),
        ("ProcessAndCheckCompletion", "process_and_check_completion.decide"),
        ("ProcessChunk", "process_and_check_completion.chunk"),
    ):
        world.function(
            f"{NAME}-{name}", FUNCTIONS, handler, "python3.7", environment={"BUCKET": BUCKET}
        )
    decide = waiting(f"{NAME}-ProcessAndCheckCompletion", {"fate.$": "$.fate"})
    _fates(world, world.machine(f"{NAME}-demo", decide))
    _by_http(world)
    _document(world)


def _fates(world: World, machine: str) -> None:
    for fate, status, last in (
        ("continue", "SUCCEEDED", "ContinueProcess"),
        ("fail", "FAILED", "ProcessingFailed"),
        ("crash", "FAILED", "UnexpectedFailure"),
    ):
        execution = world.start(machine, {"fate": fate})
        ended = world.ended(execution)
        see(f"status of {fate}", ended["status"], status)
        see(f"last state of {fate}", world.states(execution)[-1], last)
    world.say("success, a named failure, and a crash nobody foresaw went their own ways")


def _by_http(world: World) -> None:
    """`GET /start` starts the machine, without any function in between."""
    always = waiting(f"{NAME}-ProcessAndCheckCompletion", {"fate": "continue"})
    url = _start_url(world, world.machine(f"{NAME}-http", always))
    with urllib.request.urlopen(url, timeout=30) as answer:
        execution = json.loads(answer.read())["executionArn"]
    see("status", world.ended(execution)["status"], "SUCCEEDED")
    world.say("GET /start started an execution")


def _start_url(world: World, machine: str) -> str:
    api = world.aws("apigateway")
    rest = api.create_rest_api(name=f"dev-{NAME}")["id"]
    root = api.get_resources(restApiId=rest)["items"][0]["id"]
    start = api.create_resource(restApiId=rest, parentId=root, pathPart="start")["id"]
    place = {"restApiId": rest, "resourceId": start, "httpMethod": "GET"}
    api.put_method(**place, authorizationType="NONE")
    api.put_integration(
        **place,
        type="AWS",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{REGION}:states:action/StartExecution",
        credentials=ROLE,
        passthroughBehavior="NEVER",
        requestTemplates={"application/json": TEMPLATE % machine},
    )
    api.put_method_response(**place, statusCode="200")
    api.put_integration_response(**place, statusCode="200")
    api.create_deployment(restApiId=rest, stageName="dev")
    return f"{world.endpoint}/restapis/{rest}/dev/_user_request_/start"


def _document(world: World) -> None:
    """Each chunk in the bucket starts a function; the last one lets the machine go on."""
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}-ProcessChunk"
    world.aws("lambda").add_permission(
        FunctionName=f"{NAME}-ProcessChunk",
        StatementId="bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{BUCKET}",
    )
    chunks = {"Key": {"FilterRules": [{"Name": "prefix", "Value": "chunks/"}]}}
    target = {
        "LambdaFunctionArn": function,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": chunks,
    }
    world.aws("s3").put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"LambdaFunctionConfigurations": [target]}
    )
    split = waiting(f"{NAME}-SplitDoc", {"name.$": "$.name", "text.$": "$.text"})
    machine = world.machine(f"{NAME}-document", split)
    execution = world.start(machine, {"name": "poem", "text": "one\ntwo\nthree\nfour\nfive"})
    ended = world.ended(execution)
    see("status", ended["status"], "SUCCEEDED")
    see("letters", json.loads(ended["output"]), {"name": "poem", "letters": 19})
    world.say("five chunks were processed by themselves, and the last one answered the token")
