"""Templates that other people wrote, deployed and deleted again: what is there afterwards is what
was there before."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stepwell.deploy.reading import read_document, read_template
from stepwell.deploy.survey import assumed_values
from stepwell.deploy.transforms.include import MACRO
from stepwell.deploy.transforms.unpackaged import BUCKET, packaged
from stepwell.values import JsonObject, JsonValue, encode_text
from tests.deploy.world import REGION
from tests.services.cloudformation.world import World
from tests.shared import shared_path
from tools.template_table import surveyed, templates

GIVEN = {
    "10-stepfunctions-sns-apigw-human-review": {"ApproverEmailAddress": "ann@example.com"},
    "31-cloudformation": {"Email": "ann@example.com"},
}
"""Values for parameters whose rules want certain ones."""
STORED = {
    "/landingzone/security-posture/platform-accounts",
    "/landing-zone/logging/S3AccessLoggingBucket",
}
"""Parameters that templates look up."""
RETAINED = {"40-aws-iam-accessadvisor-permissionboundary": {"ListTables": 1}}
"""What a template wants to be kept when its stack is deleted."""
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
URI = f"s3://{BUCKET}/"
SNIPPET = b"""
openapi: 3.0.1
info: {title: reviews, version: '1'}
paths: {/review: {get: {x-amazon-apigateway-integration: {type: mock}}}}
"""
ASSET = "asset/||code.zip"
"""Key and version of a file, as the first CDK gives them in one parameter."""


def deployable() -> list[Path]:
    """The templates that deploy here; none when the corpus is not there."""
    return [
        path for path in templates(shared_path("corpus", "templates")) if surveyed(path).deploys
    ]


def archive() -> bytes:
    """A zip file that a function's code could be."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("app.py", "def handler(event, context):\n    return event\n")
    return data.getvalue()


def content(beside: Path) -> bytes:
    """What a path of the template stands for: a definition, otherwise code."""
    return beside.read_bytes() if beside.is_file() else archive()


def document_of(path: Path) -> JsonObject:
    """A template's document."""
    return read_document(path.read_text(encoding="utf-8"))


def keys(value: JsonValue) -> set[str]:
    """The keys of everything in that bucket that a document names."""
    found: set[str] = set()
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, str) and part.startswith(URI):
            found.add(part.removeprefix(URI))
        elif isinstance(part, list):
            pending.extend(part)
        elif isinstance(part, dict):
            pending.extend(part.values())
            found.update(
                str(part[f"{prefix}Key"])
                for prefix in ("", "S3")
                if part.get(f"{prefix}Bucket") == BUCKET
            )
    return found


def with_snippets(value: JsonValue) -> JsonValue:
    """The document with the snippets that are not there in the bucket."""
    if isinstance(value, list):
        return [with_snippets(item) for item in value]
    if not isinstance(value, dict):
        return value
    if MACRO in value:
        location: JsonObject = {"Location": f"{URI}snippet.yaml"}
        return {**value, MACRO: {"Name": "AWS::Include", "Parameters": location}}
    return {name: with_snippets(item) for name, item in value.items()}


async def package(world: World, path: Path) -> str:
    """The template with its files in a bucket, and its own address."""
    bucket: dict[str, Any] = {"LocationConstraint": REGION}
    await world.call("s3", "CreateBucket", Bucket=BUCKET, CreateBucketConfiguration=bucket)
    document: JsonValue = with_snippets(packaged(document_of(path)))
    for key in keys(document):
        body = content(path.parent / key)
        await world.call("s3", "PutObject", Bucket=BUCKET, Key=key, Body=body)
    await world.call("s3", "PutObject", Bucket=BUCKET, Key="snippet.yaml", Body=SNIPPET)
    key = ASSET.replace("||", "")
    await world.call("s3", "PutObject", Bucket=BUCKET, Key=key, Body=archive())
    text = encode_text(document).encode()
    await world.call("s3", "PutObject", Bucket=BUCKET, Key="template.json", Body=text)
    return f"https://{BUCKET}.s3.amazonaws.com/template.json"


def parameters(path: Path) -> list[JsonObject]:
    """A value for each parameter that has none."""
    read = read_template(path.read_text(encoding="utf-8"))
    given = GIVEN.get(path.parent.name, {})
    assumed = {name: asset(name) or text for name, text in assumed_values(read, given).items()}
    values = {**assumed, **given}
    return [{"ParameterKey": name, "ParameterValue": text} for name, text in values.items()]


def asset(name: str) -> str | None:
    """What the first CDK gives its own parameters; None for others."""
    if not name.startswith("AssetParameters"):
        return None
    return ASSET if "VersionKey" in name else BUCKET


async def what_is_there(world: World) -> dict[str, object]:
    """The names of what stacks of these templates make."""
    calls = (
        ("sqs", "ListQueues", "QueueUrls"),
        ("sns", "ListTopics", "Topics"),
        ("lambda", "ListFunctions", "Functions"),
        ("stepfunctions", "ListStateMachines", "stateMachines"),
        ("dynamodb", "ListTables", "TableNames"),
        ("events", "ListRules", "Rules"),
        ("apigateway", "GetRestApis", "items"),
        ("apigatewayv2", "GetApis", "Items"),
        ("iam", "ListRoles", "Roles"),
        ("logs", "DescribeLogGroups", "logGroups"),
    )
    return {
        operation: len((await world.call(service, operation)).get(member) or ())
        for service, operation, member in calls
    }


@pytest.mark.parametrize("path", deployable(), ids=lambda path: path.parent.name[:40])
async def test_a_template_is_deployed_and_deleted(world: World, path: Path) -> None:
    """Every resource is made, the same again changes nothing, and a deletion leaves no orphan."""
    for name in STORED:
        await world.call("ssm", "PutParameter", Name=name, Value="x", Type="String")
    before = await what_is_there(world)
    url = await package(world, path)
    asked: dict[str, Any] = {
        "StackName": "app",
        "TemplateURL": url,
        "Parameters": parameters(path),
        "Capabilities": CAPABILITIES,
    }
    await world.cfn("CreateStack", **asked)
    await world.settled()
    events = await world.events("app")
    assert [event for event in events if "FAILED" in event[1]] == []
    assert await world.status("app") == "CREATE_COMPLETE"
    code, text = await world.refusal("UpdateStack", **asked)
    assert (code, text) == ("ValidationError", "No updates are to be performed.")
    await world.delete("app")
    assert await what_is_there(world) == {**before, **RETAINED.get(path.parent.name, {})}
