"""Tokens from outside: late, doubled, malformed, somebody else's; and what is kept of them."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode

import pytest

from stepwell.errors import ServiceError
from stepwell.runtime.records import TOKEN
from stepwell.runtime.tokens import place_of
from tests.runtime.bench import PREFIX, Bench, ask, bench

SAYS = ("SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat")
REASON = "x-stepwell-token-reason"


def encoded(raw: bytes) -> str:
    """Bytes as a token is written."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


MALFORMED = [
    "x",
    "AAAA",
    "not base64 at all!",
    "é" * 50,
    "\x00",
    "AQ" * 500,
    encoded(b"\x02" + bytes(36)),
    encoded(b"\x01" + bytes(35)),
    encoded(b"\x01" + b"\xff" * 36),
    encoded(b"\x01\x80" + bytes(35)),
    "=" * 50,
    "A",
]


@pytest.mark.parametrize("token", MALFORMED)
@pytest.mark.parametrize("operation", SAYS)
async def test_malformed(operation: str, token: str) -> None:
    """What never was a token is invalid, whatever it looks like."""
    async with bench() as made:
        error = await made.refusal(operation, taskToken=token, output="{}")
        assert (error.code, error.message) == ("InvalidToken", "Invalid Token: 'Invalid token'")


def test_place_fits_the_store() -> None:
    """An execution number that no store could hold is refused before it is looked up."""
    assert place_of(encoded(b"\x01\x7f" + b"\xff" * 7 + bytes(28)))[0] == 2**63 - 1
    with pytest.raises(ServiceError):
        place_of(encoded(b"\x01\x80" + bytes(35)))


async def waiting(made: Bench, **more: object) -> tuple[str, str]:
    """An execution that waits for its token: its ARN and the token."""
    machine = await made.machine("ask", {"Ask": ask(**more)})
    execution = await made.start(machine, "one")
    [token] = await made.tokens()
    return execution, token


async def test_unknown() -> None:
    """A well-formed token of an execution that does not exist names no task."""
    async with bench() as made:
        error = await made.refusal(
            "SendTaskSuccess", taskToken=encoded(b"\x01" + bytes(36)), output="1"
        )
        assert error.code == "TaskDoesNotExist"


async def test_guessed() -> None:
    """A token with one wrong letter of its secret is invalid, before and after the end."""
    async with bench() as made:
        execution, token = await waiting(made)
        wrong = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
        for _ in range(2):
            error = await made.refusal("SendTaskSuccess", taskToken=wrong, output="1")
            assert error.code == "InvalidToken"
            await made.call("StopExecution", executionArn=execution)


async def test_somebody_elses() -> None:
    """A token is no good in another account, before and after the end."""
    async with bench() as made:
        execution, token = await waiting(made)
        for _ in range(2):
            error = await made.refusal(
                "SendTaskSuccess", account="111111111111", taskToken=token, output="1"
            )
            assert error.code == "InvalidToken"
            await made.call("StopExecution", executionArn=execution)


@pytest.mark.parametrize("ending", ["success", "failure", "timeout", "heartbeat", "stop"])
@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("operation", SAYS)
async def test_late(operation: str, restarted: bool, ending: str) -> None:
    """A token that was good once says TaskTimedOut and why, also after a restart."""
    async with bench() as made:
        execution, token = await waiting(made, TimeoutSeconds=60, HeartbeatSeconds=30)
        if ending == "success":
            await made.call("SendTaskSuccess", taskToken=token, output="1")
        elif ending == "failure":
            await made.call("SendTaskFailure", taskToken=token)
        elif ending == "timeout":
            for _ in range(3):
                await made.call("SendTaskHeartbeat", taskToken=token)
                await made.wait(20)
        elif ending == "heartbeat":
            await made.wait(30)
        else:
            await made.call("StopExecution", executionArn=execution)
        assert await made.status(execution) != "RUNNING"
        if restarted:
            await made.restart()
        error = await made.refusal(operation, taskToken=token, output="{}")
        assert (error.code, error.message) == (
            "TaskTimedOut",
            "Task Timed Out: 'Provided task does not exist anymore'",
        )
        said = {
            "success": "answered with success by request request at ",
            "failure": "answered with failure by request request at ",
            "timeout": "the task timed out at ",
            "heartbeat": "no heartbeat came in time at ",
            "stop": "the execution was stopped",
        }[ending]
        assert error.headers[REASON].startswith(said)


async def test_old_attempt() -> None:
    """The token of an attempt that was replaced is over, while the new one is good."""
    async with bench() as made:
        retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 1}]
        execution, first = await waiting(made, Retry=retry)
        await made.call("SendTaskFailure", taskToken=first, error="E")
        await made.wait(1)
        [second] = await made.tokens()
        replaced = "(attempt 1); replaced by the token of attempt 2"
        error = await made.refusal("SendTaskSuccess", taskToken=first, output="1")
        assert error.code == "TaskTimedOut"
        assert error.headers[REASON].endswith(replaced)
        await made.call("SendTaskSuccess", taskToken=second, output="1")
        assert await made.status(execution) == "SUCCEEDED"
        error = await made.refusal("SendTaskSuccess", taskToken=first, output="1")
        assert error.headers[REASON].endswith(replaced)


async def test_second_answer_waits_for_the_first() -> None:
    """Who hears that a token is used may rely on it: the refusal waits for the answer's commit."""
    async with bench() as made:
        _, token = await waiting(made)
        made.store.commits_may.clear()
        first = asyncio.ensure_future(made.call("SendTaskSuccess", taskToken=token, output="1"))
        await made.settle()
        second = asyncio.ensure_future(made.refusal("SendTaskSuccess", taskToken=token, output="2"))
        await made.settle()
        assert not second.done()
        made.store.commits_may.set()
        assert await first == {}
        assert (await second).code == "TaskTimedOut"


async def test_many_answers_at_once() -> None:
    """Of many answers to one token at once, one counts."""
    async with bench(cached_max=1) as made:
        execution, token = await waiting(made)
        machine = await made.machine("other", {"W": {"Type": "Wait", "Seconds": 9, "End": True}})
        await made.start(machine, "evicts")
        said = await asyncio.gather(
            *(
                made.call("SendTaskSuccess", taskToken=token, output=str(number))
                for number in range(20)
            ),
            return_exceptions=True,
        )
        assert len([answer for answer in said if answer == {}]) == 1
        assert {e.code for e in said if isinstance(e, ServiceError)} == {"TaskTimedOut"}
        assert await made.status(execution) == "SUCCEEDED"


async def test_activity_deadline() -> None:
    """Once a worker has the task, its token's row knows until when."""
    async with bench() as made:
        activity = f"{PREFIX}:activity:a"
        await made.call("CreateActivity", name="a")
        state = {"Type": "Task", "Resource": activity, "TimeoutSeconds": 60, "End": True}
        machine = await made.machine("work", {"Work": state})
        await made.start(machine, "one")
        [token] = await made.store.scan(TOKEN, limit=10)
        assert token.deadline_at is None
        await made.call("GetActivityTask", activityArn=activity)
        [token] = await made.store.scan(TOKEN, limit=10)
        assert token.deadline_at == made.clock.now() + 60_000
