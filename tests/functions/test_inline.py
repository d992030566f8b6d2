"""Inline code of templates, and the module that answers to custom resources, in real processes."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import pytest

from stepwell.deploy.inline import zip_inline
from tests.functions.running import Running

PYTHON, NODE = "python3.12", "nodejs20.x"
PYTHON_CODE = """
import cfnresponse

def handler(event, context):
    print("inline", event["RequestType"])
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Answer": "42"}, **event["More"])
"""
NODE_CODE = """
const response = require("cfn-response");

exports.handler = (event, context) => {
  console.log("inline", event.RequestType);
  const { physicalResourceId, noEcho, reason } = event.More;
  response.send(
    event, context, response.SUCCESS, { Answer: "42" }, physicalResourceId, noEcho, reason
  );
};
"""
NODE_ASYNC = """
const { send, FAILED } = require("cfn-response");
exports.handler = async (event, context) => {
  await send(event, context, FAILED, {});
  return "after";
};
"""
RUNTIMES = [
    PYTHON,
    pytest.param(NODE, marks=pytest.mark.skipif(shutil.which("node") is None, reason="no node")),
]
CODES = {PYTHON: PYTHON_CODE, NODE: NODE_CODE}


class Listener:
    """Takes the answers of custom resources."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.answers: list[Any] = []
        self.url = ""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        size = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-le"))
        self.answers.append(json.loads(await reader.readexactly(size)))
        self.heads.append(head)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """A listener on loopback."""
    listener = Listener()
    server = await asyncio.start_server(listener.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    listener.url = f"http://127.0.0.1:{port}/answer?token=a%2Fb"
    yield listener
    server.close()
    await server.wait_closed()


def files_of(code: str, runtime: str) -> dict[str, str | bytes]:
    """What the zip file of inline code holds."""
    with zipfile.ZipFile(io.BytesIO(zip_inline(code, runtime))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def event(listener: Listener, **more: Any) -> dict[str, Any]:
    """What a custom resource sends."""
    return {
        "RequestType": "Create",
        "ResponseURL": listener.url,
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Thing",
        "More": more,
    }


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_inline_code_answers_to_a_custom_resource(
    running: Running, listener: Listener, runtime: str
) -> None:
    """Inline code is found as `index`, and its answer is what AWS's module sends."""
    spec = running.function(runtime, "index.handler", files_of(CODES[runtime], runtime))
    await running.result(spec, event(listener))
    answer = listener.answers[0]
    stream = answer["PhysicalResourceId"]
    assert stream
    assert answer == {
        "Status": "SUCCESS",
        "Reason": f"See the details in CloudWatch Log Stream: {stream}",
        "PhysicalResourceId": stream,
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Thing",
        "NoEcho": False,
        "Data": {"Answer": "42"},
    }
    assert listener.heads[0].startswith(b"PUT /answer?token=a%2Fb HTTP/1.1\r\n")
    assert any("inline Create" in line for line in running.lines)


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_an_answer_may_say_more(running: Running, listener: Listener, runtime: str) -> None:
    """Physical id, secrecy and reason are those that the code gives."""
    spec = running.function(runtime, "index.handler", files_of(CODES[runtime], runtime))
    more = {"physicalResourceId": "mine", "noEcho": True, "reason": "because"}
    await running.result(spec, event(listener, **more))
    answer = listener.answers[0]
    said = (answer["PhysicalResourceId"], answer["NoEcho"], answer["Reason"])
    assert said == ("mine", True, "because")


@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_an_answer_that_is_lost_fails_no_function(running: Running, runtime: str) -> None:
    """An answer that cannot be told is said in the log; the function itself goes well."""
    nobody = Listener()
    nobody.url = "http://127.0.0.1:1/answer"
    spec = running.function(runtime, "index.handler", files_of(CODES[runtime], runtime))
    assert await running.result(spec, event(nobody)) is None
    assert any("send(..) failed" in line for line in running.lines)


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no `node` on the PATH")
async def test_an_asynchronous_handler_may_wait_for_its_answer(
    running: Running, listener: Listener
) -> None:
    """An asynchronous handler may wait until its answer is out."""
    spec = running.function(NODE, "index.handler", files_of(NODE_ASYNC, NODE))
    await running.result(spec, event(listener))
    assert listener.answers[0]["Status"] == "FAILED"


def test_the_same_code_is_the_same_zip_file() -> None:
    """The same code is the same zip file, so that nothing changes where nothing changed."""
    assert zip_inline(PYTHON_CODE, PYTHON) == zip_inline(PYTHON_CODE, PYTHON)
    assert zip_inline(PYTHON_CODE, PYTHON) != zip_inline(PYTHON_CODE + "\n", PYTHON)
