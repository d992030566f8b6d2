"""The own Python bootstrap beside AWS's awslambdaric: the same answers to the same events."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace

import pytest

from stepwell.values import JsonValue
from tests.functions.running import Running

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("awslambdaric") is None, reason="awslambdaric is not installed"
)

CODE = """
import decimal, json, os
class Trouble(Exception): pass
def deep(n): return deep(n - 1) if n else 1 // 0
def handler(event, context):
    what = event if isinstance(event, str) else "echo"
    if what == "raise": raise Trouble("ü\\nsecond line")
    if what == "deep": deep(3)
    if what == "empty": raise ValueError()
    if what == "object": return object()
    if what == "set": return {"a": {1}}
    if what == "bytes": return b'{"raw": true}'
    if what == "decimal": return {"a": decimal.Decimal("1.10"), "b": [decimal.Decimal("NaN")]}
    if what == "nan": return float("nan")
    if what == "keys": return {1: "a", None: "b", True: "c"}
    if what == "text": return "ü\\u2028\\U0001f600"
    if what == "context":
        return [context.aws_request_id, context.function_name, context.memory_limit_in_mb,
            context.function_version, context.invoked_function_arn, context.log_group_name,
            context.client_context.custom if context.client_context else None,
            context.identity.cognito_identity_id, context.tenant_id]
    if what == "type": return type(context).__name__
    return event
def few(): return 1
"""
OFFICIAL = """#!{python}
import sys, os
sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
sys.path.insert(1, {packages!r})
from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
bootstrap.run(os.environ["_HANDLER"], LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"]))
"""
EVENTS: list[JsonValue] = [
    {"a": [1, 2.5, None, True, "ü"]},
    "raise",
    "deep",
    "empty",
    "object",
    "set",
    "bytes",
    "decimal",
    "nan",
    "keys",
    "text",
    "context",
    "type",
    12345678901234567890,
]


def official() -> str:
    """A bootstrap that runs AWS's client."""
    found = importlib.util.find_spec("awslambdaric")
    assert found is not None
    assert found.origin is not None
    return OFFICIAL.format(python=sys.executable, packages=found.origin.split("/awslambdaric/")[0])


@pytest.mark.parametrize("version", ["3.11", "3.12"])
async def test_both_give_the_same_answers(running: Running, version: str) -> None:
    """Payload and error of every event, but for the frames of the client itself."""
    own = running.function(f"python{version}", "app.handler", {"app.py": CODE})
    other = running.function(
        f"python{version}", "app.handler", {"app.py": CODE, "bootstrap": official()}
    )
    for event in EVENTS:
        running.calls = 0
        ours = await running.call(own, event, client_context='{"custom": {"a": 1}}')
        running.calls = 0
        theirs = await running.call(other, event, client_context='{"custom": {"a": 1}}')
        payload = theirs.payload.replace(str(other.code).encode(), str(own.code).encode())
        assert (ours.payload, ours.error) == (payload, theirs.error), event


@pytest.mark.parametrize(
    ("handler", "source"),
    [
        ("gone.handler", ""),
        ("app.gone", "x = 1"),
        ("app", "x = 1"),
        ("app.handler", "import that_is_missing"),
        ("app.handler", "def def"),
        ("app.handler", "1 // 0"),
        ("sys.exit", ""),
        ("app.few", "def few(): return 1"),
    ],
)
async def test_both_fail_alike_at_the_beginning(
    running: Running, handler: str, source: str
) -> None:
    """The document of a handler that can't be loaded or called."""
    own = running.function("python3.11", handler, {"app.py": source})
    other = running.function("python3.11", handler, {"app.py": source, "bootstrap": official()})
    other = replace(other, timeout_seconds=own.timeout_seconds)
    running.calls = 0
    ours = await running.error(own)
    running.calls = 0
    theirs = await running.error(other)
    traces = [str(found.pop("stackTrace")).count("File") for found in (ours, theirs)]
    assert json.dumps(ours) == json.dumps(theirs).replace(str(other.code), str(own.code))
    assert traces[0] == traces[1]
