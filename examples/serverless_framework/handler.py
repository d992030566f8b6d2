"""The functions behind `serverless.yml`: one splits, one processes and answers the token."""

import json
import os
from random import random

import boto3

SFN = boto3.client("stepfunctions")
GOOD_SHARE = 0.7


def split_doc(event, context):
    """What a real app would put into a bucket, chunk by chunk."""
    return {"msg": "the document is split: process its chunks"}


def process_and_check_completion(event, context):
    """Mostly this was the last chunk; sometimes something breaks. CHANCE takes luck out of it."""
    token = event["taskToken"]
    chance = float(os.environ.get("CHANCE") or random())
    if chance < GOOD_SHARE:
        output = {"msg": "this goes to the next state", "status": "looking good"}
        SFN.send_task_success(taskToken=token, output=json.dumps(output))
    else:
        cause = f"something broke in a chunk, chance={chance}"
        SFN.send_task_failure(taskToken=token, error="ProcessingFailed", cause=cause)
