"""Java handlers through AWS's runtime interface client, and version 1 of the SDK on its way home.

They need a JDK, and Maven with its registry; without them they are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stepwell.functions.python_launch import BOOTSTRAPS
from stepwell.functions.runner import default_cache
from stepwell.services.lambda_.ports import FunctionSpec
from stepwell.values import JsonValue
from tests.functions.homes import Home, home
from tests.functions.running import Running, make_running

MISSING = [program for program in ("java", "javac", "mvn") if shutil.which(program) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not on the PATH: {', '.join(MISSING)}")

POM = """<project><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>test</artifactId><version>1</version><dependencies>
<dependency><groupId>com.amazonaws</groupId><artifactId>aws-lambda-java-events</artifactId>
<version>3.14.0</version></dependency>
<dependency><groupId>com.amazonaws</groupId><artifactId>aws-java-sdk-stepfunctions</artifactId>
<version>1.12.780</version></dependency>
<dependency><groupId>com.amazonaws</groupId><artifactId>aws-lambda-java-core</artifactId>
<version>1.2.3</version></dependency>
</dependencies></project>"""

HANDLER = """
import com.amazonaws.auth.*;
import com.amazonaws.regions.Regions;
import com.amazonaws.services.lambda.runtime.*;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.stepfunctions.*;
import com.amazonaws.services.stepfunctions.model.*;
import java.io.*;

public class Handler implements RequestHandler<SQSEvent, String> {
  public String handleRequest(SQSEvent event, Context context) {
    context.getLogger().log("one");
    context.getLogger().log("two");
    String token = event.getRecords().get(0).getBody();
    if (token.isEmpty()) throw new IllegalStateException("no token");
    AWSStepFunctions own = AWSStepFunctionsClientBuilder.defaultClient();
    own.sendTaskHeartbeat(new SendTaskHeartbeatRequest().withTaskToken(token));
    AWSStepFunctions client =
        AWSStepFunctionsClient.builder().withRegion(Regions.US_WEST_2).build();
    client.sendTaskSuccess(new SendTaskSuccessRequest().withTaskToken(token).withOutput("{}"));
    return context.getFunctionName() + " " + token;
  }

  public void copy(InputStream in, OutputStream out, Context context) throws IOException {
    out.write(in.readAllBytes());
  }
}
"""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The jars that the function brings."""
    folder = default_cache() / "test-java-libraries"
    if not folder.is_dir():
        made = tmp_path_factory.mktemp("maven")
        (made / "pom.xml").write_text(POM)
        command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
        done = subprocess.run(command, cwd=made, capture_output=True, timeout=100, check=False)
        if done.returncode:
            pytest.skip("Maven could not fetch the function's libraries")
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made / "lib", folder)
    return folder


@pytest.fixture
def function(tmp_path: Path, libraries: Path) -> FunctionSpec:
    """The handler, compiled."""
    code = tmp_path / "java"
    code.mkdir()
    (tmp_path / "Handler.java").write_text(HANDLER)
    source = str(tmp_path / "Handler.java")
    subprocess.run(["javac", "-cp", f"{libraries}/*", "-d", str(code), source], check=True)
    (code / "lib").symlink_to(libraries)
    return FunctionSpec(
        key="java",
        account="123456789012",
        region="eu-west-1",
        name="java-function",
        version="$LATEST",
        runtime="java17",
        handler="Handler",
        code=code,
        timeout_seconds=60,
        memory_mb=512,
    )


@pytest.fixture
def at_home() -> Iterator[Home]:
    """Where the SDK must go."""
    with home() as server:
        yield server


async def test_a_handler_with_an_sqs_event_and_the_old_sdk(
    tmp_path: Path, function: FunctionSpec, at_home: Home
) -> None:
    """The event becomes an object, requests go home signed for their regions, logs are lines,
    and an exception is Java's document."""
    running = make_running(tmp_path, lambda: at_home.url)
    try:
        record: JsonValue = {"messageId": "1", "body": "a-token", "eventSource": "aws:sqs"}
        assert await running.result(function, {"Records": [record]}) == "java-function a-token"
        assert at_home.seen == [
            ("localhost", "AWSStepFunctions.SendTaskHeartbeat", "eu-west-1/states"),
            ("localhost", "AWSStepFunctions.SendTaskSuccess", "us-west-2/states"),
        ]
        assert [line for line in running.lines if line in ("one", "two")] == ["one", "two"]
        found = await running.error(function, {"Records": [{"body": ""}]})
        assert found["errorMessage"] == "no token"
        assert found["errorType"] == "java.lang.IllegalStateException"
        assert str(found["stackTrace"][0]).startswith(  # type: ignore[index]
            "Handler.handleRequest(Handler.java:"
        )
    finally:
        await running.runner.close()


async def test_a_stream_handler_and_a_missing_class(
    running: Running, function: FunctionSpec
) -> None:
    """Streams are copied; a class that is not there is an error of the beginning."""
    copies = replace(function, key="copy", handler="Handler::copy")
    assert await running.result(copies, {"any": [1]}) == {"any": [1]}
    missing = replace(function, key="missing", handler="Missing")
    found = await running.error(missing)
    assert found["errorMessage"] == "Class not found: Missing"
    assert found["errorType"] == "java.lang.ClassNotFoundException"


def test_the_compiled_class_is_that_of_the_source(tmp_path: Path, libraries: Path) -> None:
    """The class file that stands beside its source is what the source says."""
    name = "com/amazonaws/internal/DefaultServiceEndpointBuilder"
    source = BOOTSTRAPS / "java" / f"{name}.java"
    command = ["javac", "-nowarn", "--release", "8", "-g:none", "-cp", f"{libraries}/*"]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    subprocess.run(
        [*command, "-d", str(tmp_path), str(source)],
        check=True,
        env=environment,
        capture_output=True,
    )

    def members(folder: Path) -> str:
        javap = ["javap", "-p", "-c", str(folder / f"{name}.class")]
        return subprocess.run(javap, check=True, capture_output=True, text=True).stdout

    assert members(tmp_path) == members(BOOTSTRAPS / "java")
