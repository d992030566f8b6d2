"""Starts the state machine with what was posted."""

import json
import os

import boto3

STATES = boto3.client("stepfunctions")


def handler(event, context):
    """The answer to a request of the HTTP API."""
    started = STATES.start_execution(stateMachineArn=os.environ["MACHINE"], input=event["body"])
    return {
        "statusCode": 202,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"execution": started["executionArn"]}),
    }
