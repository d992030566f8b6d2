"""Splits a document into chunks in a bucket, and remembers whom to tell when all are done."""

import json
import os

import boto3

S3 = boto3.client("s3")
BUCKET = os.environ["BUCKET"]


def handler(event, context):
    """Each chunk that is written starts a function of its own."""
    name, text = event["name"], event["text"]
    lines = text.splitlines()
    job = {"taskToken": event.get("taskToken"), "chunks": len(lines)}
    S3.put_object(Bucket=BUCKET, Key=f"jobs/{name}.json", Body=json.dumps(job).encode())
    for number, line in enumerate(lines):
        S3.put_object(Bucket=BUCKET, Key=f"chunks/{name}/{number}.txt", Body=line.encode())
    return {"name": name, "chunks": len(lines)}
