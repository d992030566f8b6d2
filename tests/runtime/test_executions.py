"""Executions in memory and on disk: races across waits, trouble with the store, and fairness."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from stepwell.errors import StorageTrouble
from stepwell.runtime.records import CHILD, EVENT, EXECUTION, OUTBOX, TIMER
from tests.runtime.bench import PREFIX, Bench, ask, bench, starts

ACTIVITY = f"{PREFIX}:activity:a"
PASS: dict[str, Any] = {"P": {"Type": "Pass", "End": True}}


def pause(seconds: int, **more: Any) -> dict[str, Any]:
    """A Wait."""
    return {"Type": "Wait", "Seconds": seconds, **({} if "Next" in more else {"End": True}), **more}


# -- starting


async def test_same_start_waits_for_the_first() -> None:
    """A start that finds its execution begun already answers when that is on disk, not before."""
    async with bench() as made:
        machine = await made.machine("m", {"W": pause(9)})
        made.store.commits_may.clear()
        first = asyncio.ensure_future(made.start(machine, "one"))
        await made.settle()
        second = asyncio.ensure_future(made.start(machine, "one"))
        await made.settle()
        assert not second.done()
        made.store.commits_may.set()
        assert await first == await second


async def test_many_starts_at_once() -> None:
    """Thousands of executions begin in one turn and all end."""
    async with bench() as made:
        machine = await made.machine("m", PASS)
        arns = await asyncio.gather(*(made.start(machine, f"x{n}") for n in range(3_000)))
        assert len(set(arns)) == 3_000
        rows = await made.store.scan(EXECUTION, limit=10_000)
        assert {row.status for row in rows} == {1}
        await made.settle()
        assert len(made.core.executions.live) == 0


@pytest.mark.parametrize("pattern", ["", ".sync", ".waitForTaskToken"])
async def test_recursion_gives_way(pattern: str) -> None:
    """Executions that start each other for ever share the loop with others, turn by turn."""
    async with bench() as made:
        me = f"{PREFIX}:stateMachine:m"
        given = {"Input": {"t.$": "$$.Task.Token"}} if pattern == ".waitForTaskToken" else {}
        await made.machine("m", {"Again": starts(me, pattern, **given)})
        other = await made.machine("other", PASS)
        start = asyncio.ensure_future(made.start(me, "first"))
        await asyncio.wait_for(start, 20)
        execution = await asyncio.wait_for(made.start(other, "one"), 20)
        assert await made.status(execution) == "SUCCEEDED"
        assert max(made.store.sizes) < 3_000, "no turn does it all"
        await made.call("DeleteStateMachine", stateMachineArn=me)


# -- folding and evicting


async def test_folded_once() -> None:
    """Many who need an execution that is not in memory wait for one fold of it."""
    async with bench(cached_max=1) as made:
        machine = await made.machine("m", {"A": ask(HeartbeatSeconds=50)})
        await made.start(machine, "one")
        [token] = await made.tokens()
        await made.start(machine, "two")
        made.store.reads.clear()
        await asyncio.gather(*(made.call("SendTaskHeartbeat", taskToken=token) for _ in range(10)))
        assert made.store.reads.count(EVENT.name) == 1


async def test_read_executions_are_evicted() -> None:
    """Executions that were only looked at leave memory again."""
    async with bench(cached_max=5) as made:
        machine = await made.machine("m", {"W": pause(1_000)})
        arns = [await made.start(machine, f"x{n}") for n in range(60)]
        for row in await made.store.scan(EXECUTION, limit=100):
            assert await made.core.executions.live.get(row.id) is not None
        assert len(arns) == 60
        assert len(made.core.executions.live) <= 6


async def test_what_is_asked_for_stays() -> None:
    """The execution somebody just got is never the one that makes room."""
    async with bench(cached_max=1) as made:
        machine = await made.machine("m", {"W": pause(1_000)})
        await made.start(machine, "one")
        await made.start(machine, "two")
        for row in await made.store.scan(EXECUTION, limit=100):
            live = await made.core.executions.live.get(row.id)
            assert live is made.core.executions.live.cached(row.id)


# -- trouble


async def test_timer_survives_a_failed_read() -> None:
    """A timer whose execution can't be read when it is due rings again."""
    async with bench(cached_max=1) as made:
        machine = await made.machine("m", {"W": pause(10)})
        one = await made.start(machine, "one")
        two = await made.start(machine, "two")
        made.fail_reads(EXECUTION.name, 3)
        await made.wait(15)
        assert [await made.status(e) for e in (one, two)] == ["SUCCEEDED"] * 2
        assert await made.store.scan(TIMER, limit=10) == []


async def test_child_end_survives_a_failed_read() -> None:
    """The end of a child reaches its parent though the parent could not be read at first."""
    async with bench(cached_max=1) as made:
        child = await made.machine("child", {"W": pause(10)})
        parent = await made.machine("parent", {"C": starts(child, ".sync")})
        execution = await made.start(parent, "one")
        for number in range(5):
            await made.start(child, f"evicts-{number}")
        rows = {r.name: r.id for r in await made.store.scan(EXECUTION, limit=100)}
        assert made.core.executions.live.cached(rows["one"]) is None
        failures = 3

        async def fail(table: str) -> None:
            nonlocal failures
            if failures and table == EVENT.name and await _has_rows(made):
                failures -= 1
                raise StorageTrouble("no reading now")

        made.store.on_read = fail
        await made.wait(20)
        made.store.on_read = None
        assert failures < 3
        assert await made.status(execution) == "SUCCEEDED"
        assert await made.store.scan(OUTBOX, limit=10) == []


async def _has_rows(made: Bench) -> bool:
    return bool(made.disk.tables[OUTBOX.name])


async def test_store_is_away_for_long() -> None:
    """While the store is away calls fail; when it is back timers ring and callers are served."""
    async with bench() as made:
        machine = await made.machine("m", {"W": pause(10)})
        execution = await made.start(machine, "one")
        made.core.executions.forget()

        async def fail(table: str) -> None:
            raise StorageTrouble("away")

        made.store.on_read = fail
        await made.wait(60)
        made.store.on_read = None
        await made.wait(5)
        assert await made.status(execution) == "SUCCEEDED"


async def test_commit_that_breaks(caplog: pytest.LogCaptureFixture) -> None:
    """A commit that breaks on a bug of ours fails its callers, and those after it are served."""
    async with bench() as made:
        machine = await made.machine("m", PASS)
        real = made.store.commit

        def broken(changes: Any) -> Any:
            raise OverflowError("too big a number")

        made.store.commit = broken  # type: ignore[method-assign]
        with caplog.at_level(logging.CRITICAL, "stepwell"), pytest.raises(StorageTrouble):
            await asyncio.wait_for(made.start(machine, "one"), 5)
        made.store.commit = real  # type: ignore[method-assign]
        await made.settle()
        execution = await made.start(machine, "one")
        assert await made.status(execution) == "SUCCEEDED"


# -- fairness


async def test_thousands_of_timers_at_once() -> None:
    """While thousands of timers are handled, a call gets its turn between them."""
    async with bench() as made:
        machine = await made.machine("m", {"W": pause(10)})
        other = await made.machine("other", PASS)
        await asyncio.gather(*(made.start(machine, f"x{n}") for n in range(3_000)))
        made.clock.advance(made.clock.now() + 10_000)
        await made.settle(2)
        start = asyncio.ensure_future(made.start(other, "quick"))
        await made.settle(12)
        assert start.done()
        assert await made.store.count(TIMER) > 500
        await made.settle(100)
        assert await made.store.count(TIMER) == 0


async def test_endless_loop_gives_way() -> None:
    """A machine that never waits does not keep others from theirs, and stops when it is told to."""
    async with bench() as made:
        states = {
            "A": {"Type": "Pass", "Next": "B"},
            "B": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.stop", "IsPresent": True, "Next": "C"}],
                "Default": "A",
            },
            "C": {"Type": "Succeed"},
        }
        loop = await made.machine("loop", states)
        other = await made.machine("other", PASS)
        endless = await made.start(loop, "one")
        for number in range(5):
            made.clock.advance(made.clock.now())
            await made.settle()
            await made.start(other, f"x{number}")
        await made.call("StopExecution", executionArn=endless)
        assert await made.status(endless) == "ABORTED"
        await made.wait(1)
        assert await made.store.scan(TIMER, limit=10) == []


# -- children


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("pattern", [".sync", ".sync:2"])
async def test_child_is_stopped_with_its_parent(pattern: str, restarted: bool) -> None:
    """Who stops a parent stops the child it waits for, also after a restart."""
    async with bench() as made:
        child = await made.machine("child", {"W": pause(1_000)})
        parent = await made.machine("parent", {"C": starts(child, pattern, Name="kid")})
        execution = await made.start(parent, "one")
        await made.settle()
        if restarted:
            await made.restart()
        await made.call("StopExecution", executionArn=execution)
        await made.settle()
        kid = execution.replace("parent:one", "child:kid")
        assert await made.status(kid) == "ABORTED"
        left = [await made.store.count(table) for table in (OUTBOX, TIMER, CHILD)]
        assert left == [0, 0, 0]


async def test_parent_that_gave_up_starts_nothing() -> None:
    """A call that is made after its attempt timed out is not made any more."""
    async with bench() as made:
        child = await made.machine("child", {"W": pause(1_000)})
        task = {**starts(child, ".sync", Name="kid"), "TimeoutSeconds": 5}
        task["Retry"] = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 600}]
        parent = await made.machine("parent", {"C": task})
        held = asyncio.Event()

        async def hold(table: str) -> None:
            if table == "execution_name" and not held.is_set():
                await held.wait()

        made.store.on_read = hold
        start = asyncio.ensure_future(made.core.executions.start(**await _given(made, parent)))
        await made.settle()
        await made.wait(6)
        held.set()
        await made.settle()
        row = await start
        assert "TaskTimedOut" in await made.types(row.arn)
        names = [r.name for r in await made.store.scan(EXECUTION, limit=10)]
        assert names == ["one"]


async def _given(made: Bench, machine: str) -> dict[str, Any]:
    found = made.core.states.registry.machines[machine].row
    revision = await made.core.programs.revision(found.id, found.revision)
    made.core.executions._names._complete = True
    return {"call": None, "revision": revision, "name": "one", "input": "{}", "extra": None}


async def test_machine_deleted() -> None:
    """Executions of a deleted machine end at their next transition; until then they wait."""
    async with bench() as made:
        done = {"D": {"Type": "Pass", "End": True}}
        machine = await made.machine("m", {"A": ask(Next="D"), **done})
        execution = await made.start(machine, "one")
        [token] = await made.tokens()
        await made.call("DeleteStateMachine", stateMachineArn=machine)
        assert await made.status(execution) == "RUNNING"
        await made.restart()
        await made.call("SendTaskSuccess", taskToken=token, output="1")
        assert await made.status(execution) == "ABORTED"
        assert (await made.types(execution))[-2:] == ["TaskStateExited", "ExecutionAborted"]


# -- activities


async def working(made: Bench, count: int) -> list[str]:
    """Executions that wait for workers."""
    await made.call("CreateActivity", name="a")
    state = {"Type": "Task", "Resource": ACTIVITY, "TimeoutSeconds": 60, "End": True}
    machine = await made.machine("work", {"Work": state})
    return [await made.start(machine, f"x{n}", n) for n in range(count)]


async def test_workers_after_a_restart() -> None:
    """Workers who ask at the same time after a restart all get a task at once, each another one."""
    async with bench() as made:
        await working(made, 5)
        await made.restart()
        polls = [
            asyncio.ensure_future(made.call("GetActivityTask", activityArn=ACTIVITY))
            for _ in range(5)
        ]
        await made.settle()
        assert sorted(p.result()["input"] for p in polls) == [str(n) for n in range(5)]


async def test_task_goes_to_one_worker() -> None:
    """A task that is being given away is not given to another who reads the list meanwhile."""
    async with bench() as made:
        await working(made, 1)
        made.core.executions.activities.forget()
        made.store.commits_may.clear()
        polls = [
            asyncio.ensure_future(made.call("GetActivityTask", activityArn=ACTIVITY))
            for _ in range(2)
        ]
        await made.settle()
        made.core.executions.activities.forget()
        await made.settle()
        made.store.commits_may.set()
        await made.wait(61)
        tokens = [(await p)["taskToken"] for p in polls]
        assert sorted(t is None for t in tokens) == [False, True]


async def test_withdrawn_while_polled() -> None:
    """A task whose execution is stopped while a worker takes it is not handed out."""
    async with bench() as made:
        [execution] = await working(made, 1)
        made.core.executions.activities.forget()
        row = (await made.store.scan(EXECUTION, limit=1))[0]
        live = await made.core.executions.live.get(row.id)
        assert live is not None
        poll = asyncio.ensure_future(made.call("GetActivityTask", activityArn=ACTIVITY))
        await made.call("StopExecution", executionArn=execution)
        await made.wait(61)
        answer = await poll
        types = await made.types(execution)
        assert (answer["taskToken"] is None) == ("ActivityStarted" not in types)


async def test_task_survives_a_failed_read() -> None:
    """A task that could not be handed out because of the store is there for the next who asks."""
    async with bench(cached_max=1) as made:
        await working(made, 2)
        made.core.executions.activities.forget()
        made.fail_reads(EXECUTION.name, 1)
        with pytest.raises(StorageTrouble):
            await made.call("GetActivityTask", activityArn=ACTIVITY)
        got = [
            (await made.call("GetActivityTask", activityArn=ACTIVITY))["input"] for _ in range(2)
        ]
        assert got == ["0", "1"]


async def test_woken_worker_that_must_go_passes_it_on() -> None:
    """A worker whose time is up just when a task comes leaves it to another who waits."""
    async with bench() as made:
        await working(made, 0)
        first = asyncio.ensure_future(made.call("GetActivityTask", activityArn=ACTIVITY))
        await made.wait(30)
        second = asyncio.ensure_future(made.call("GetActivityTask", activityArn=ACTIVITY))
        await made.settle()
        machine = f"{PREFIX}:stateMachine:work"
        start = asyncio.ensure_future(made.start(machine, "late", "late"))
        await asyncio.sleep(0)
        made.clock.advance(made.clock.now() + 30_000)
        await made.settle()
        await start
        assert first.done()
        took = [p.result()["input"] for p in (first, second) if p.done() and "input" in p.result()]
        assert took == ['"late"']
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
