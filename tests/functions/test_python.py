"""Python handlers: what they are given, what they give, how they fail."""

from __future__ import annotations

import json
import re

import pytest

from stepwell.values import JsonValue
from tests.functions.running import Running, document, with_layers, write_files

PYTHON = "python3.12"


async def test_a_handler_gets_event_and_context(running: Running) -> None:
    """Event, context and environment are what AWS gives."""
    code = """
import os, sys

def handler(event, context):
    left = context.get_remaining_time_in_millis()
    return {
        "event": event,
        "context": [
            context.function_name, context.function_version, context.aws_request_id,
            context.memory_limit_in_mb, context.log_group_name, context.invoked_function_arn,
            context.identity.cognito_identity_id, context.client_context,
            context.log_stream_name == os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        ],
        "left": 18000 < left <= 20000,
        "environment": {name: os.environ.get(name) for name in [
            "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "AWS_EXECUTION_ENV", "_HANDLER",
            "TZ", "MINE", "AWS_LAMBDA_FUNCTION_NAME", "_X_AMZN_TRACE_ID",
        ]},
        "own": [name for name in os.environ if "STEPWELL" in name],
        "path": sys.path[0] == os.environ["LAMBDA_TASK_ROOT"] == os.getcwd(),
        "temporary": os.listdir(os.environ["TMPDIR"]),
        "modules": [name for name in sys.modules if "stepwell" in name or "runtime" in name],
    }
"""
    environment = {"MINE": "yes", "AWS_REGION": "elsewhere", "AWS_LAMBDA_FUNCTION_NAME": "other"}
    spec = running.function(PYTHON, "app.handler", {"app.py": code}, environment=environment)
    assert await running.result(spec, {"a": [1, "ü"]}) == {
        "event": {"a": [1, "ü"]},
        "context": [
            "f",
            "$LATEST",
            "request-1",
            "256",
            "/aws/lambda/f",
            "arn:aws:lambda:eu-west-1:123456789012:function:f:live",
            None,
            None,
            True,
        ],
        "left": True,
        "environment": {
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "123456789012",
            "AWS_ENDPOINT_URL": "http://localhost:4566",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
            "_HANDLER": "app.handler",
            "TZ": ":UTC",
            "MINE": "yes",
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
        },
        "own": [],
        "path": True,
        "temporary": [],
        "modules": [],
    }


async def test_a_client_context_becomes_an_object(running: Running) -> None:
    """custom, env and client are members."""
    code = "def handler(e, c): return [c.client_context.custom, c.client_context.client.app_title]"
    spec = running.function(PYTHON, "app.handler", {"app.py": code})
    context = json.dumps({"custom": {"a": 1}, "client": {"app_title": "t"}})
    assert document(await running.call(spec, client_context=context)) == [{"a": 1}, "t"]


async def test_an_exception_is_the_document_that_aws_gives(running: Running) -> None:
    """Message, type, request and the frames of the user's code; the process stays warm."""
    code = """
import os
class Trouble(Exception): pass
def inner(): raise Trouble("no luck")
def handler(event, context):
    if event == "pid": return os.getpid()
    inner()
"""
    spec = running.function(PYTHON, "sub/app.handler", {"sub/app.py": code})
    pid = await running.result(spec, "pid")
    found = await running.error(spec)
    path = spec.code / "sub/app.py"
    assert found == {
        "errorMessage": "no luck",
        "errorType": "Trouble",
        "requestId": "request-2",
        "stackTrace": [
            f'  File "{path}", line 7, in handler\n    inner()\n',
            f'  File "{path}", line 4, in inner\n    def inner(): raise Trouble("no luck")\n',
        ],
    }
    assert await running.result(spec, "pid") == pid


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        (
            "nothing.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'nothing': No module named 'nothing'",
        ),
        (
            "imports.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'imports': No module named 'missing_package'",
        ),
        (
            "app.nope",
            "Runtime.HandlerNotFound",
            "Handler 'nope' missing on module 'app'",
        ),
        (
            "handler",
            "Runtime.MalformedHandlerName",
            "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
        ),
        (
            "wrong.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'wrong': invalid syntax (wrong.py, line 1)",
        ),
        ("raises.handler", "KeyError", "'x'"),
    ],
)
async def test_what_fails_at_the_beginning(
    running: Running, handler: str, kind: str, message: str
) -> None:
    """A handler that can't be loaded fails with the runtime's own type and words."""
    files: dict[str, str | bytes] = {
        "app.py": "def handler(e, c): pass",
        "imports.py": "import missing_package",
        "wrong.py": "def def",
        "raises.py": "{}['x']",
    }
    spec = running.function(PYTHON, handler, files)
    found = await running.error(spec)
    assert (found["errorType"], found["errorMessage"]) == (kind, message)
    assert set(found) == {"errorMessage", "errorType", "requestId", "stackTrace"}


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("None", None),
        ("b'[1, 2]'", [1, 2]),
        ("__import__('decimal').Decimal('1.10')", 1.10),
        ("{'ü': '\\u2028'}", {"ü": "\u2028"}),
    ],
)
async def test_what_a_handler_may_return(
    running: Running, expression: str, result: JsonValue
) -> None:
    """Bytes go out as they are, decimals as numbers."""
    spec = running.function(
        PYTHON, "app.handler", {"app.py": f"def handler(e, c): return {expression}"}
    )
    assert await running.result(spec) == result


async def test_what_is_not_json_is_a_marshal_error(running: Running) -> None:
    """The runtime's words about a result that JSON has no form for."""
    spec = running.function(PYTHON, "app.handler", {"app.py": "def handler(e, c): return object"})
    found = await running.error(spec)
    assert found["errorType"] == "Runtime.MarshalError"
    assert found["errorMessage"] == (
        "Unable to marshal response: Object of type type is not JSON serializable"
    )


async def test_logging_writes_in_the_format_of_aws(running: Running) -> None:
    """Level, time, request, message, tabs between; a message of two lines is one entry."""
    code = """
import logging
logging.getLogger().setLevel(logging.INFO)
def handler(event, context):
    print("printed")
    logging.info("first\\nsecond")
    logging.getLogger("x").debug("unseen")
"""
    spec = running.function(PYTHON, "app.handler", {"app.py": code})
    outcome = await running.call(spec)
    text = "\n".join(running.lines)
    assert re.search(
        r"printed\n\[INFO\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\trequest-1\tfirst\nsecond\n",
        text,
    )
    assert "unseen" not in text
    assert any("first\nsecond" in line for line in running.lines)
    tail = outcome.log_tail.decode()
    assert tail.startswith("START RequestId: request-1 Version: $LATEST\nprinted\n")
    assert re.search(r"\nEND RequestId: request-1\nREPORT RequestId: request-1\tDuration: ", tail)


async def test_layers_and_boto3_are_found_and_nothing_of_stepwell(running: Running) -> None:
    """Layers come before AWS's own packages; the server's packages are not there."""
    code = """
import importlib.util
import mine, boto3
def handler(event, context):
    there = [n for n in event if importlib.util.find_spec(n)]
    client = boto3.client("sqs")
    return [mine.VALUE, there, client.meta.endpoint_url, client.meta.region_name]
"""
    layer = running.folder / "layer"
    write_files(layer, {"python/mine.py": "VALUE = 7"})
    spec = with_layers(running.function(PYTHON, "app.handler", {"app.py": code}), layer)
    result = await running.result(spec, ["msgspec", "stepwell", "pytest", "botocore"])
    assert result == [7, ["botocore"], "http://localhost:4566", "eu-west-1"]


async def test_memory_is_bounded(running: Running) -> None:
    """What goes far beyond the function's memory is refused by the system."""
    code = "def handler(event, context): return len(bytearray(event * 1024 * 1024))"
    spec = running.function(PYTHON, "app.handler", {"app.py": code})
    assert (await running.error(spec, 2000))["errorType"] == "MemoryError"
    assert await running.result(spec, 1) == 1024 * 1024


async def test_an_old_runtime_runs_with_a_note(running: Running) -> None:
    """python3.7 runs on what is here, and the log says so."""
    spec = running.function("python3.7", "app.handler", {"app.py": "def handler(e, c): return e"})
    assert await running.result(spec, 1) == 1
    assert [line for line in running.lines if "python3.7 runs on this machine's Python 3." in line]


async def test_an_exit_is_the_end_of_the_process(running: Running) -> None:
    """sys.exit in a handler is a dead process in Lambda's words."""
    code = "import sys\ndef handler(event, context): sys.exit(event)"
    spec = running.function(PYTHON, "app.handler", {"app.py": code})
    assert await running.error(spec, 3) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": "RequestId: request-1 Error: Runtime exited with error: exit status 3",
    }
    assert (await running.error(spec, 0))["errorMessage"] == (
        "RequestId: request-2 Error: Runtime exited without providing a reason"
    )
