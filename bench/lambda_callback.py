"""Tokens through a queue and a function: the scenario `lambda-callback`.

    python bench/lambda_callback.py --endpoint URL -n TOKENS -c CLIENTS --json OUT [--pid PID]

Executions send their tokens to a queue and wait. When all are queued the queue becomes the event
source of a Python function, which answers each token through boto3. The clock runs from there, cold
starts included, until no execution is running.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

CODE = """
import boto3, json
client = boto3.client("stepfunctions")
def handler(event, context):
    for record in event["Records"]:
        message = json.loads(record["body"])
        client.send_task_success(taskToken=message["token"], output=json.dumps(message["n"]))
"""
ROLE = "arn:aws:iam::000000000000:role/bench"
BATCH = 10
WAIT_SECONDS_MAX = 300
_LOOK_AGAIN_SECONDS = 0.05


def main() -> None:
    """Play it once and write what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("-n", type=int, default=1_000)
    parser.add_argument("-c", type=int, default=8)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--json", required=True)
    chosen = parser.parse_args()
    result = play(chosen.endpoint, chosen.n, chosen.c, chosen.pid)
    Path(chosen.json).write_text(json.dumps({"runs": [result]}))


def play(endpoint: str, count: int, at_once: int, pid: int | None) -> dict[str, object]:
    """Queue that many tokens, then let the function answer them."""

    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="000000000000",
            aws_secret_access_key="bench",
            config=Config(max_pool_connections=at_once),
        )

    sqs, states, functions = client("sqs"), client("stepfunctions"), client("lambda")
    url = sqs.create_queue(QueueName="tokens", Attributes={"VisibilityTimeout": "300"})["QueueUrl"]
    machine = states.create_state_machine(name="tokens", definition=definition(url), roleArn=ROLE)
    arn = machine["stateMachineArn"]
    with ThreadPoolExecutor(at_once) as pool:
        inputs = (json.dumps({"n": number}) for number in range(count))
        begun = pool.map(
            lambda text: states.start_execution(stateMachineArn=arn, input=text), inputs
        )
        started = len(list(begun))
    create_function(functions)
    spent, begin = cpu_seconds(pid), time.perf_counter()
    functions.create_event_source_mapping(
        FunctionName="answer",
        EventSourceArn="arn:aws:sqs:us-east-1:000000000000:tokens",
        BatchSize=BATCH,
    )
    left = await_end(states, arn)
    seconds = time.perf_counter() - begin
    failed = states.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"]
    return {
        "callbacks_per_s": started / seconds,
        "seconds": seconds,
        "server_cpu_s": cpu_seconds(pid) - spent,
        "drained": not left,
        "errors": {"failed": len(failed)} if failed else {},
    }


def definition(url: str) -> str:
    """One state that sends its token and waits."""
    body = {"token.$": "$$.Task.Token", "n.$": "$.n"}
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody": body},
        "TimeoutSeconds": WAIT_SECONDS_MAX,
        "End": True,
    }
    return json.dumps({"StartAt": "Ask", "States": {"Ask": state}})


def create_function(functions: Any) -> None:
    """The function that answers."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", CODE)
    functions.create_function(
        FunctionName="answer",
        Runtime="python3.12",
        Handler="app.handler",
        Role=ROLE,
        Timeout=60,
        MemorySize=256,
        Code={"ZipFile": archive.getvalue()},
    )


def await_end(states: Any, arn: str) -> bool:
    """Wait until nothing runs; whether something still does when patience is over."""
    end = time.perf_counter() + WAIT_SECONDS_MAX
    while time.perf_counter() < end:
        page = states.list_executions(stateMachineArn=arn, statusFilter="RUNNING", maxResults=1)
        if not page["executions"]:
            return False
        time.sleep(_LOOK_AGAIN_SECONDS)
    return True


def cpu_seconds(pid: int | None) -> float:
    """What the server has spent; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
