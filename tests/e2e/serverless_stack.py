"""What `serverless deploy` does, in plain calls: for a framework that can't be led to a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import REGION, client

BUCKET = "ServerlessDeploymentBucket"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
NO_CHANGES = "No updates are to be performed."
_LOOK = {"Delay": 1, "MaxAttempts": 120}


def deploy_package(server: ServerProcess, stack: str, package: Path) -> bool:
    """Make or update a stack from a folder `.serverless`. False where nothing had to be changed."""
    stacks = client(server, "cloudformation")
    if not _is_there(stacks, stack):
        first = package / "cloudformation-template-create-stack.json"
        stacks.create_stack(StackName=stack, TemplateBody=first.read_text(), OnFailure="DELETE")
        stacks.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=_LOOK)
    template = (package / "cloudformation-template-update-stack.json").read_text(encoding="utf-8")
    _upload(server, _bucket(stacks, stack), package, json.loads(template))
    try:
        stacks.update_stack(StackName=stack, TemplateBody=template, Capabilities=CAPABILITIES)
    except ClientError as error:
        if error.response["Error"]["Message"] != NO_CHANGES:
            raise
        return False
    stacks.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig=_LOOK)
    return True


def remove_package(server: ServerProcess, stack: str) -> None:
    """Empty the stack's bucket and delete the stack."""
    stacks, objects = client(server, "cloudformation"), storage(server)
    bucket = _bucket(stacks, stack)
    for entry in objects.list_objects_v2(Bucket=bucket).get("Contents", []):
        objects.delete_object(Bucket=bucket, Key=entry["Key"])
    stacks.delete_stack(StackName=stack)
    stacks.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=_LOOK)


def outputs_of(server: ServerProcess, stack: str) -> dict[str, str]:
    """A stack's outputs."""
    told = client(server, "cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in told["Outputs"]}


def _is_there(stacks: Any, stack: str) -> bool:
    try:
        stacks.describe_stacks(StackName=stack)
    except ClientError:
        return False
    return True


def _bucket(stacks: Any, stack: str) -> str:
    told = stacks.describe_stack_resource(StackName=stack, LogicalResourceId=BUCKET)
    return str(told["StackResourceDetail"]["PhysicalResourceId"])


def _upload(server: ServerProcess, bucket: str, package: Path, template: Any) -> None:
    """Each archive that the template names, from the package's folder."""
    objects = storage(server)
    for resource in template["Resources"].values():
        code = resource.get("Properties", {}).get("Code", {})
        key = code.get("S3Key") if resource["Type"] == "AWS::Lambda::Function" else None
        if key:
            archive = (package / key.rpartition("/")[2]).read_bytes()
            objects.put_object(Bucket=bucket, Key=key, Body=archive)


def storage(server: ServerProcess) -> Any:
    """S3 by paths: names below this host need not resolve."""
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}),
    )
