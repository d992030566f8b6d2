"""JavaScript handlers: module kinds, ways to answer, errors, console."""

from __future__ import annotations

import re
import shutil

import pytest

from stepwell.values import JsonValue
from tests.functions.running import Running, with_layers, write_files

NODE = "nodejs20.x"
pytestmark = pytest.mark.skipif(
    shutil.which("node") is None, reason="there is no `node` on the PATH"
)


async def test_a_handler_gets_event_and_context(running: Running) -> None:
    """Event, context and environment are what AWS gives."""
    code = """
exports.handler = async (event, context) => ({
  event,
  context: [context.functionName, context.functionVersion, context.memoryLimitInMB,
    context.logGroupName, context.invokedFunctionArn, context.awsRequestId,
    context.callbackWaitsForEmptyEventLoop, context.getRemainingTimeInMillis() > 18000],
  environment: [process.env.AWS_REGION, process.env.AWS_ENDPOINT_URL, process.env.MINE],
  own: Object.keys(process.env).filter((name) => name.includes("STEPWELL")),
  folder: process.cwd() === process.env.LAMBDA_TASK_ROOT,
});
"""
    spec = running.function(NODE, "index.handler", {"index.js": code}, environment={"MINE": "1"})
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f:live"
    assert await running.result(spec, {"a": "ü"}) == {
        "event": {"a": "ü"},
        "context": ["f", "$LATEST", "256", "/aws/lambda/f", arn, "request-1", True, True],
        "environment": ["eu-west-1", "http://localhost:4566", "1"],
        "own": [],
        "folder": True,
    }


@pytest.mark.parametrize(
    ("handler", "files"),
    [
        ("index.handler", {"index.js": "exports.handler = async (e) => e + 1;"}),
        ("src/index.handler", {"src/index.js": "exports.handler = async (e) => e + 1;"}),
        ("index.deep.handler", {"index.cjs": "exports.deep = {handler: async (e) => e + 1};"}),
        ("index.handler", {"index.mjs": "export const handler = async (e) => e + 1;"}),
        (
            "index.handler",
            {
                "package.json": '{"type": "module"}',
                "index.js": "const one = await 1; export const handler = async (e) => e + one;",
            },
        ),
    ],
)
async def test_modules_of_both_kinds(
    running: Running, handler: str, files: dict[str, str | bytes]
) -> None:
    """CommonJS and ES modules, in folders and with nested names."""
    assert await running.result(running.function(NODE, handler, files), 1) == 2


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("callback(null, 'a')", "a"),
        ("context.succeed('b')", "b"),
        ("context.done(null, 'c')", "c"),
        ("setTimeout(() => callback(null, 'd'), 10)", "d"),
        ("callback(null, 'first'); setTimeout(() => console.log('later'), 30)", "first"),
        ("", None),
        ("return 'a value that is no promise'", None),
        ("callback(null, undefined)", None),
    ],
)
async def test_ways_to_answer(running: Running, body: str, result: JsonValue) -> None:
    """Callback and context; who never answers has answered null once nothing is left to do."""
    code = f"exports.handler = (event, context, callback) => {{ {body} }};"
    spec = running.function(NODE, "index.handler", {"index.js": code})
    assert await running.result(spec) == result
    assert ("later" in "".join(running.lines)) == ("later" in body)


async def test_an_answer_need_not_wait_for_the_event_loop(running: Running) -> None:
    """callbackWaitsForEmptyEventLoop = false answers at once, with a timer still running."""
    code = """
exports.handler = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setInterval(() => {}, 1000);
  callback(null, "now");
};
"""
    spec = running.function(NODE, "index.handler", {"index.js": code}, timeout_seconds=5)
    assert await running.result(spec) == "now"
    assert await running.result(spec) == "now"


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ("throw new TypeError('bad')", "TypeError", "bad"),
        ("callback(new Error('called'))", "Error", "called"),
        ("callback('text')", "string", "text"),
        ("context.fail(new RangeError('far'))", "RangeError", "far"),
        ("context.fail()", "string", "handled"),
        ("return Promise.reject(new Error('no'))", "Error", "no"),
        (
            "class Named extends Error { constructor(m) { super(m); this.name = 'Named'; } }"
            "throw new Named('mine')",
            "Named",
            "mine",
        ),
        ("return Promise.resolve(1n)", "Error", "Unable to stringify response body"),
        ("setTimeout(() => { throw new Error('out of reach') }, 5)", "Error", "out of reach"),
        (
            "Promise.reject(new Error('nobody looks')); setTimeout(() => {}, 500)",
            "Runtime.UnhandledPromiseRejection",
            "Error: nobody looks",
        ),
    ],
)
async def test_errors_are_the_documents_that_aws_gives(
    running: Running, body: str, kind: str, message: str
) -> None:
    """errorType, errorMessage and trace, whichever way the error took."""
    code = f"exports.handler = (event, context, callback) => {{ {body} }};"
    spec = running.function(NODE, "index.handler", {"index.js": code})
    found = await running.error(spec)
    assert (found["errorType"], found["errorMessage"]) == (kind, message)
    assert list(found) == ["errorType", "errorMessage", "trace"]


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("index.nope", "Runtime.HandlerNotFound", "index.nope is undefined or not exported"),
        ("index.text", "Runtime.HandlerNotFound", "index.text is not a function"),
        ("index", "Runtime.MalformedHandlerName", "Bad handler"),
        ("gone.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'gone'"),
        ("needs.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'absent'"),
        (
            "wrong.handler",
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: Unexpected token ')'",
        ),
        ("raises.handler", "Error", "at once"),
    ],
)
async def test_what_fails_at_the_beginning(
    running: Running, handler: str, kind: str, message: str
) -> None:
    """A handler that can't be loaded fails with the runtime's own type and words."""
    files: dict[str, str | bytes] = {
        "index.js": "exports.text = 'no function';",
        "needs.js": "require('absent');",
        "wrong.js": "const x = );",
        "raises.js": "throw new Error('at once');",
    }
    found = await running.error(running.function(NODE, handler, files))
    assert found["errorType"] == kind
    assert str(found["errorMessage"]).split("\n")[0] == message
    assert str(found["trace"][0]).startswith(f"{kind}: {message}")  # type: ignore[index]


async def test_the_console_writes_in_the_format_of_aws(running: Running) -> None:
    """Time, request, level, message, tabs between; several lines are one entry."""
    code = """
exports.handler = async () => {
  console.log("one", {two: 2});
  console.error("three\\nfour");
};
"""
    await running.result(running.function(NODE, "index.handler", {"index.js": code}))
    said = [line for line in running.lines if "\trequest-1\t" in line]
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\trequest-1\t"
    assert len(said) == 2
    assert re.fullmatch(stamp + r"INFO\tone { two: 2 }", said[0])
    assert re.fullmatch(stamp + r"ERROR\tthree\nfour", said[1])


async def test_layers_are_found_by_both_kinds_of_modules(running: Running) -> None:
    """require and import see a layer's node_modules."""
    layer = running.folder / "layer"
    package = "nodejs/node_modules/mine"
    write_files(layer, {f"{package}/index.js": "exports.value = 7;"})
    files: dict[str, str | bytes] = {
        "one.js": "exports.handler = async () => require('mine').value;",
        "two.mjs": "import mine from 'mine'; export const handler = async () => mine.value;",
    }
    for handler in ("one.handler", "two.handler"):
        spec = with_layers(running.function(NODE, handler, files), layer)
        assert await running.result(spec) == 7


async def test_a_streaming_handler_answers_with_its_bytes(running: Running) -> None:
    """streamifyResponse: what was written is the payload."""
    code = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("[1,"); stream.write("2]"); stream.end();
});
"""
    spec = running.function(NODE, "index.handler", {"index.js": code})
    assert await running.result(spec) == [1, 2]
