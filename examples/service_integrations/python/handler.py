"""Answers the tokens of the messages it gets."""

import json
import logging

import boto3

logging.getLogger().setLevel(logging.INFO)
SFN = boto3.client("stepfunctions")


def handle(event, context):
    """One call for a batch of messages."""
    logging.info("In Handler: Executing %s, %s", context.function_name, context.function_version)
    for record in event["Records"]:
        message = json.loads(record["body"])
        if "TaskToken" in message:
            output = {"Output": "message", "ack": "success", "from": "python"}
            SFN.send_task_success(taskToken=message["TaskToken"], output=json.dumps(output))
