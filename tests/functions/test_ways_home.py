"""SDKs reach the server they run under, whether they know AWS_ENDPOINT_URL or not."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from stepwell.functions.fetching import Fetcher
from stepwell.functions.node_packages import SDK_2, SDK_3, SERVED
from stepwell.functions.runner import default_cache
from tests.functions.homes import Home, home
from tests.functions.running import Running, make_running

NODE = "nodejs20.x"
needs_npm = pytest.mark.skipif(
    shutil.which("npm") is None or shutil.which("node") is None,
    reason="there is no `node` or no `npm` on the PATH",
)


@pytest.fixture
def at_home() -> Iterator[Home]:
    """Where requests must go."""
    with home() as server:
        yield server


@pytest_asyncio.fixture
async def homed(tmp_path: Path, at_home: Home) -> AsyncIterator[Running]:
    """A runner whose functions' home is that one."""
    made = make_running(tmp_path, lambda: at_home.url)
    yield made
    await made.runner.close()


SDK_2_CODE = """
const AWS = require("aws-sdk");
const { DynamoDB } = require("aws-sdk");
const StepFunctions = require("aws-sdk/clients/stepfunctions");
exports.handler = async (elsewhere) => {
  const old = new AWS.StepFunctions({ apiVersion: "2016-11-23", region: "us-west-2" });
  await old.sendTaskSuccess({ taskToken: "t", output: "{}" }).promise();
  const stateMachineArn = "arn:aws:states:eu-west-1:123456789012:stateMachine:m";
  await new StepFunctions().startSyncExecution({ stateMachineArn }).promise();
  await new DynamoDB.DocumentClient().put({ TableName: "t", Item: { a: 1 } }).promise();
  await new AWS.S3().putObject({ Bucket: "bucket-name", Key: "k", Body: "x" }).promise();
  const own = new AWS.StepFunctions({ endpoint: elsewhere });
  await own.sendTaskHeartbeat({ taskToken: "t" }).promise();
  return new AWS.S3().getSignedUrl("getObject", { Bucket: "b", Key: "k" }).split("?")[0];
};
"""


async def npm(*packages: str) -> Path:
    """Packages from the registry; the test is skipped when it can't be reached."""
    folder, notes = await Fetcher(default_cache()).npm(packages)
    if folder is None:
        pytest.skip(f"npm could not fetch {', '.join(packages)}: {notes}")
    return folder


async def succeeds(command: list[str], folder: Path) -> bool:
    """Run a program."""
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=folder, capture_output=True, check=False
    )
    return done.returncode == 0


@needs_npm
async def test_version_2_of_the_javascript_sdk_goes_home(homed: Running, at_home: Home) -> None:
    """Every client of it, with a region or without; an endpoint of the function's own stays."""
    await npm(f"aws-sdk@{SDK_2}")
    spec = homed.function("nodejs16.x", "index.handler", {"index.js": SDK_2_CODE})
    with home() as elsewhere:
        assert await homed.result(spec, elsewhere.url) == f"{at_home.url}/b/k"
        assert [what for _, what, _ in elsewhere.seen] == ["AWSStepFunctions.SendTaskHeartbeat"]
    assert at_home.seen == [
        ("localhost", "AWSStepFunctions.SendTaskSuccess", "us-west-2/states"),
        ("localhost", "AWSStepFunctions.StartSyncExecution", "eu-west-1/states"),
        ("localhost", "DynamoDB_20120810.PutItem", "eu-west-1/dynamodb"),
        ("localhost", "/bucket-name/k", "eu-west-1/s3"),
    ]


@needs_npm
async def test_a_bundled_version_2_goes_home_too(homed: Running, at_home: Home) -> None:
    """The SDK in one file with the function's code: its requests are led home, signed as they
    were."""
    sdk, esbuild = await npm(f"aws-sdk@{SDK_2}"), await npm("esbuild@0.25.0")
    source = homed.folder / "bundled"
    source.mkdir()
    (source / "node_modules").symlink_to(sdk)
    (source / "index.js").write_text(SDK_2_CODE.split("  const own")[0] + "};")
    bundle = source / "out.js"
    command = [str(esbuild / ".bin/esbuild"), "index.js", "--bundle", "--platform=node"]
    if not await succeeds([*command, f"--outfile={bundle}"], source):
        pytest.skip("esbuild does not run here")
    spec = homed.function(NODE, "index.handler", {"index.js": bundle.read_bytes()})
    await homed.result(spec)
    assert at_home.seen == [
        ("states.us-west-2.amazonaws.com", "AWSStepFunctions.SendTaskSuccess", "us-west-2/states"),
        (
            "sync-states.eu-west-1.amazonaws.com",
            "AWSStepFunctions.StartSyncExecution",
            "eu-west-1/states",
        ),
        ("dynamodb.eu-west-1.amazonaws.com", "DynamoDB_20120810.PutItem", "eu-west-1/dynamodb"),
        ("bucket-name.s3.eu-west-1.amazonaws.com", "/k", "eu-west-1/s3"),
    ]


ANSWER_CODE = """
const https = require("https");
const put = (options) => new Promise((resolve, reject) => {
  const request = https.request({ method: "PUT", headers: { "content-type": "" }, ...options },
    (answer) => { answer.resume(); resolve(answer.statusCode); });
  request.on("error", (error) => resolve(error.code ?? "" + error));
  request.end("{}");
});
exports.handler = async (address) => {
  const { hostname, pathname, search } = new URL(address);
  const path = pathname + search;
  return [
    await put({ hostname, path }),
    await put({ hostname, path, port: 443 }),
    await put({ hostname, path, port: 1 }),
    await put({ hostname, path, method: "POST", port: 1 }),
  ];
};
"""


@needs_npm
async def test_answers_of_custom_resources_come_home(homed: Running, at_home: Home) -> None:
    """Where TLS is taken for granted and the port is dropped; another port is another server."""
    spec = homed.function(NODE, "index.handler", {"index.js": ANSWER_CODE})
    refused = "ECONNREFUSED"
    told = await homed.result(spec, f"{at_home.url}/answers/1?signed=yes")
    assert told == [200, 200, refused, refused]
    assert at_home.seen == [("localhost", "/answers/1?signed=yes", "")] * 2


@needs_npm
async def test_buckets_before_the_name_of_home_are_found(homed: Running, at_home: Home) -> None:
    """Version 3 puts the bucket before the host's name, which no resolver needs to know."""
    await npm(f"@aws-sdk/client-s3@<={SDK_3}")
    code = """
const { S3Client, HeadBucketCommand } = require("@aws-sdk/client-s3");
exports.handler = async (Bucket) => {
  await new S3Client({}).send(new HeadBucketCommand({ Bucket }));
};
"""
    await homed.result(homed.function(NODE, "index.handler", {"index.js": code}), "documents")
    assert at_home.seen == [("documents.localhost", "/", "eu-west-1/s3")]


@needs_npm
async def test_clients_whose_names_are_composed_are_there(homed: Running, at_home: Home) -> None:
    """A function that chooses its client as it runs finds those of all services there are."""
    await npm(*(f"@aws-sdk/client-{name}@<={SDK_3}" for name in SERVED))
    code = """
exports.handler = async (names) => {
  const found = names.map((name) => require(`@aws-sdk/client-${name}`));
  await new found[0].SSMClient({}).send(new found[0].GetParameterCommand({ Name: "n" }));
  return found.length;
};
"""
    spec = homed.function(NODE, "index.handler", {"index.js": code})
    assert await homed.result(spec, ["ssm", *SERVED]) == len(SERVED) + 1
    assert [what for _, what, _ in at_home.seen] == ["AmazonSSM.GetParameter"]


@needs_npm
async def test_version_3_is_there_and_goes_home(homed: Running, at_home: Home) -> None:
    """What AWS's image brings is there for both kinds of modules, and honours the variable."""
    await npm(f"@aws-sdk/client-sfn@<={SDK_3}")
    code = """
const sfn = require("@aws-sdk/client-sfn");
exports.handler = async () => {
  const client = new sfn.SFNClient({});
  await client.send(new sfn.SendTaskSuccessCommand({ taskToken: "t", output: "1" }));
  const stateMachineArn = "arn:aws:states:eu-west-1:123456789012:stateMachine:m";
  await client.send(new sfn.StartSyncExecutionCommand({ stateMachineArn }));
};
"""
    module = code.replace(
        'const sfn = require("@aws-sdk/client-sfn");', 'import * as sfn from "@aws-sdk/client-sfn";'
    ).replace("exports.handler", "export const handler")
    files: dict[str, str | bytes] = {"one.js": code, "two.mjs": module}
    for handler in ("one.handler", "two.handler"):
        await homed.result(homed.function(NODE, handler, files))
    once = ["AWSStepFunctions.SendTaskSuccess", "AWSStepFunctions.StartSyncExecution"]
    assert [what for _, what, _ in at_home.seen] == once * 2
    assert {scope for _, _, scope in at_home.seen} == {"eu-west-1/states"}


@pytest.mark.parametrize("version", ["", "1.26.165"])
async def test_boto3_goes_home_in_every_version(
    homed: Running, at_home: Home, version: str
) -> None:
    """The one that AWS's image has, and one older than AWS_ENDPOINT_URL that the function brings;
    an endpoint of the function's own stays."""
    code = """
import boto3, botocore.config
def handler(event, context):
    boto3.client("stepfunctions").send_task_success(taskToken="t", output="{}")
    boto3.resource("dynamodb", region_name="us-west-2").meta.client.list_tables()
    machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:m"
    config = botocore.config.Config(retries={"total_max_attempts": 1})
    boto3.client("stepfunctions", config=config).start_sync_execution(stateMachineArn=machine)
    boto3.client("stepfunctions", endpoint_url=event).send_task_heartbeat(taskToken="t")
    return boto3.__version__
"""
    spec = homed.function("python3.11", "app.handler", {"app.py": code})
    if version:
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        command = [*pip, "--target", str(spec.code), f"boto3=={version}", "urllib3<2"]
        if not await succeeds(command, spec.code):
            pytest.skip("pip could not fetch an old boto3")
    with home() as elsewhere:
        found = await homed.result(spec, elsewhere.url)
        assert [what for _, what, _ in elsewhere.seen] == ["AWSStepFunctions.SendTaskHeartbeat"]
    assert isinstance(found, str)
    assert found.startswith(version)
    hosts = {host for host, _, _ in at_home.seen}
    assert hosts == {"localhost"}
    assert [scope for _, _, scope in at_home.seen] == [
        "eu-west-1/states",
        "us-west-2/dynamodb",
        "eu-west-1/states",
    ]


@needs_npm
async def test_a_package_that_nobody_has_is_missing_with_a_hint(homed: Running) -> None:
    """A version 3 client that does not exist: Node's own error, and a line that says why."""
    code = "require('@aws-sdk/client-that-never-was'); exports.handler = async () => 1;"
    found = await homed.error(homed.function(NODE, "index.handler", {"index.js": code}))
    assert found["errorType"] == "Runtime.ImportModuleError"
    hint = "@aws-sdk/client-that-never-was@<=3.1162.0 could not be fetched; put it into"
    assert [line for line in homed.lines if hint in line]
