"""Processes chunks; whoever finishes the last one tells the machine to go on."""

import json
import logging
import os
from urllib.parse import unquote_plus

import boto3

logging.getLogger().setLevel(logging.INFO)
SFN = boto3.client("stepfunctions")
S3 = boto3.client("s3")
BUCKET = os.environ["BUCKET"]


def decide(event, context):
    """The short way: the event says how it ends."""
    token, fate = event["taskToken"], event["fate"]
    if fate == "crash":
        raise RuntimeError("this was not foreseen")
    if fate == "fail":
        cause = "Something broke in our chunk processing"
        SFN.send_task_failure(taskToken=token, error="ProcessingFailed", cause=cause)
        return
    output = {"msg": "this goes to the next state", "status": "looking good"}
    SFN.send_task_success(taskToken=token, output=json.dumps(output))


def chunk(event, context):
    """The long way: one event per chunk; the last one answers the token."""
    for record in event["Records"]:
        key = unquote_plus(record["s3"]["object"]["key"])
        _, name, number = key.split("/")
        text = S3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
        logging.info("chunk %s of %s has %d letters", number, name, len(text))
        S3.put_object(Bucket=BUCKET, Key=f"done/{name}/{number}", Body=str(len(text)).encode())
        finish(name)


def finish(name):
    """Answer the token if nothing is missing any more; two may come to that, one is heard."""
    job = json.loads(S3.get_object(Bucket=BUCKET, Key=f"jobs/{name}.json")["Body"].read())
    done = S3.list_objects_v2(Bucket=BUCKET, Prefix=f"done/{name}/").get("Contents", [])
    if len(done) < job["chunks"]:
        return
    counts = [int(S3.get_object(Bucket=BUCKET, Key=it["Key"])["Body"].read()) for it in done]
    output = {"name": name, "letters": sum(counts)}
    try:
        SFN.send_task_success(taskToken=job["taskToken"], output=json.dumps(output))
    except SFN.exceptions.TaskTimedOut:
        logging.info("somebody else has told it already")
