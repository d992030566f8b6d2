"""Processes: warm, bounded in time and number, ended whole, replaced when they die."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from stepwell.errors import ServiceError
from stepwell.functions.ports import RESPONSE_BYTES_MAX
from tests.functions.running import Running, make_running

PYTHON = "python3.12"
PID = "import os\ndef handler(event, context): return os.getpid()\n"


def alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def ended(pid: int) -> None:
    """Wait until a process is gone."""
    async with asyncio.timeout(20):
        while alive(pid):
            await asyncio.to_thread(os.stat, "/")


async def test_a_process_stays_warm(running: Running) -> None:
    """One process answers one event after the other."""
    spec = running.function(PYTHON, "app.handler", {"app.py": PID})
    assert len({str(await running.result(spec)) for _ in range(20)}) == 1


async def test_events_at_once_run_in_processes_of_their_own(running: Running) -> None:
    """Four that wait for each other all run, and are all used again."""
    code = """
import os, time
def handler(event, context):
    open(os.path.join(event, str(os.getpid())), "w")
    while len(os.listdir(event)) < 4: time.sleep(0.005)
    return os.getpid()
"""
    spec = running.function(PYTHON, "app.handler", {"app.py": code})
    meeting = running.folder / "meeting"
    meeting.mkdir()
    pids = await asyncio.gather(*(running.result(spec, str(meeting)) for _ in range(4)))
    assert len(set(map(str, pids))) == 4
    assert await running.result(spec, str(meeting)) in pids


async def test_a_function_that_hangs_is_ended_at_its_timeout(running: Running) -> None:
    """Today's document, the lines in the log, and what it started ends too; the loop went on."""
    code = """
import subprocess, sys
def handler(event, context):
    child = subprocess.Popen(["sleep", "600"])
    open(event, "w").write(str(child.pid))
    while True: pass
"""
    spec = running.function(PYTHON, "app.handler", {"app.py": code}, timeout_seconds=1)
    other = running.function(PYTHON, "app.handler", {"app.py": PID})
    pid_file = running.folder / "pid"
    hanging = asyncio.ensure_future(running.call(spec, str(pid_file)))
    await asyncio.sleep(0)
    assert isinstance(await running.result(other), int)
    outcome = await hanging
    assert outcome.error == "Unhandled"
    assert outcome.payload == (
        b'{"errorType":"Sandbox.Timedout",'
        b'"errorMessage":"RequestId: request-1 Error: Task timed out after 1.00 seconds"}'
    )
    tail = outcome.log_tail.decode()
    assert " request-1 Task timed out after 1.00 seconds\n" in tail
    assert "Duration: 1000.00 ms\tBilled Duration: 1000 ms\t" in tail
    assert tail.endswith("\tStatus: timeout\t\n")
    await ended(int(pid_file.read_text()))


async def test_a_killed_process_is_replaced(running: Running) -> None:
    """Death by signal is told in Lambda's words, and the next event finds a new process."""
    code = """
import os
def handler(event, context):
    if event: os.kill(os.getpid(), 9)
    return os.getpid()
"""
    spec = running.function(PYTHON, "app.handler", {"app.py": code})
    assert await running.error(spec, 1) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": "RequestId: request-1 Error: Runtime exited with error: signal: killed",
    }
    assert isinstance(await running.result(spec), int)


async def test_a_process_that_dies_idle_is_not_used(running: Running) -> None:
    """An idle process that is killed from outside is replaced without an error."""
    spec = running.function(PYTHON, "app.handler", {"app.py": PID})
    pid = await running.result(spec)
    assert isinstance(pid, int)
    os.kill(pid, 9)
    await ended(pid)
    assert await running.result(spec) != pid


@pytest.mark.parametrize("code", ["import os; os._exit(1)", "import sys; sys.exit(1)"])
async def test_a_process_that_dies_at_the_beginning(running: Running, code: str) -> None:
    """The first event gets an exit error."""
    spec = running.function(PYTHON, "app.handler", {"app.py": code})
    found = await running.error(spec)
    assert found["errorType"] == "Runtime.ExitError"
    assert found["errorMessage"] == (
        "RequestId: request-1 Error: Runtime exited with error: exit status 1"
    )


async def test_what_left_the_group_does_not_hold_up_the_end(running: Running) -> None:
    """A daemon that still holds the output delays neither the error nor the runner's close."""
    code = "import os, subprocess\ndef handler(file, context):\n"
    code += "    away = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
    code += "    open(file, 'w').write(str(away.pid))\n    os._exit(3)\n"
    spec = running.function(PYTHON, "app.handler", {"app.py": code}, timeout_seconds=15)
    file = running.folder / "pid"
    try:
        assert (await running.error(spec, str(file)))["errorType"] == "Runtime.ExitError"
        async with asyncio.timeout(10):
            await running.runner.close()
    finally:
        os.kill(int(file.read_text()), signal.SIGKILL)


async def test_an_answer_that_is_too_large(running: Running) -> None:
    """AWS's words, and the process goes on."""
    code = "def handler(event, context): return 'x' * event"
    spec = running.function(PYTHON, "app.handler", {"app.py": code})
    largest = await running.result(spec, RESPONSE_BYTES_MAX - 2)
    assert len(str(largest)) == RESPONSE_BYTES_MAX - 2
    assert await running.error(spec, RESPONSE_BYTES_MAX - 1) == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        "(6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    assert await running.result(spec, 1) == "x"


async def test_a_cancelled_call_ends_its_process(running: Running) -> None:
    """Nobody waits for the answer any more: the process goes."""
    code = "import os, time\ndef handler(e, c):\n    open(e, 'w').write(str(os.getpid()))\n"
    code += "    os.rename(e, e + '.done')\n    time.sleep(600)\n"
    spec = running.function(PYTHON, "app.handler", {"app.py": code}, timeout_seconds=600)
    file = running.folder / "pid.done"
    call = asyncio.ensure_future(running.call(spec, str(file.with_suffix(""))))
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(file.exists):
            pass
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await ended(int(file.read_text()))


async def test_forgetting_ends_idle_processes_and_spares_those_at_work(running: Running) -> None:
    """A process that is asked to go answers first."""
    code = """
import os, time
def handler(event, context):
    if event:
        open(event, "w")
        while os.path.exists(event): time.sleep(0.005)
    return os.getpid()
"""
    spec = running.function(PYTHON, "app.handler", {"app.py": code})
    pid = await running.result(spec)
    assert isinstance(pid, int)
    await running.runner.forget(spec.key)
    await ended(pid)
    file = running.folder / "busy"
    call = asyncio.ensure_future(running.result(spec, str(file)))
    async with asyncio.timeout(20):
        while not await asyncio.to_thread(file.exists):
            pass
    await running.runner.forget(spec.key)
    file.unlink()
    busy = await call
    assert isinstance(busy, int)
    await ended(busy)


async def test_a_watched_folder_is_read_again_when_it_changes(running: Running) -> None:
    """The next event after a change of a file sees the new code; without a change it stays warm."""
    spec = replace(
        running.function(PYTHON, "app.handler", {"app.py": "def handler(e, c): return 'one'"}),
        watched=True,
    )
    assert await running.result(spec) == "one"
    (spec.code / "app.py").write_text("import os\ndef handler(e, c): return os.getpid()")
    pid = await running.result(spec)
    assert isinstance(pid, int)
    assert await running.result(spec) == pid


async def test_the_longest_idle_process_goes_first(tmp_path: Path) -> None:
    """With room for two, the third function's process ends the first one's."""
    running = make_running(tmp_path, lambda: "http://localhost:4566", processes_max=2)
    try:
        specs = [running.function(PYTHON, "app.handler", {"app.py": PID}) for _ in range(3)]
        pids = [await running.result(spec) for spec in specs]
        assert isinstance(pids[0], int)
        await ended(pids[0])
        assert await running.result(specs[1]) == pids[1]
    finally:
        await running.runner.close()


async def test_a_burst_starts_few_processes_and_all_are_answered(tmp_path: Path) -> None:
    """Sixty events at once with room for three processes: all are answered, by a handful."""
    running = make_running(tmp_path, lambda: "http://localhost:4566", processes_max=3)
    try:
        spec = running.function(PYTHON, "app.handler", {"app.py": PID})
        pids = await asyncio.gather(*(running.result(spec) for _ in range(60)))
        assert 1 <= len(set(map(str, pids))) <= 5
    finally:
        await running.runner.close()


async def test_functions_that_wait_for_each_other_get_on(tmp_path: Path) -> None:
    """With room for one process, one that waits for another's work does not wait for ever."""
    running = make_running(tmp_path, lambda: "http://localhost:4566", processes_max=1)
    code = "import os, time\ndef handler(file, context):\n"
    code += "    while not os.path.exists(file): time.sleep(0.005)\n"
    try:
        first = running.function(PYTHON, "app.handler", {"app.py": code})
        second = running.function(
            PYTHON, "app.handler", {"app.py": "def handler(file, c): open(file, 'w').close()"}
        )
        file = str(tmp_path / "done")
        await asyncio.gather(running.result(first, file), running.result(second, file))
    finally:
        await running.runner.close()


async def test_closing_ends_everything_and_leaves_no_files(tmp_path: Path) -> None:
    """No process and no temporary folder is left."""
    running = make_running(tmp_path, lambda: "http://localhost:4566")
    spec = running.function(PYTHON, "app.handler", {"app.py": PID})
    pid = await running.result(spec)
    assert isinstance(pid, int)
    await running.runner.close()
    assert not alive(pid)
    assert list((tmp_path / "scratch/tmp").iterdir()) == []


async def test_a_bootstrap_of_the_functions_own_is_used(running: Running) -> None:
    """provided.*: an executable speaks the Runtime API itself, also with a new connection each
    time."""
    code = """#!/usr/bin/env python3
import os, urllib.request as web
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
while True:
    event = web.urlopen(api + "next")
    request, body = event.headers["Lambda-Runtime-Aws-Request-Id"], event.read()
    answer = b'{"got": %b, "handler": "%b"}' % (body, os.environ["_HANDLER"].encode())
    web.urlopen(web.Request(api + request + "/response", data=answer)).read()
"""
    spec = running.function("provided.al2023", "any", {"bootstrap": code})
    assert await running.result(spec, [1]) == {"got": [1], "handler": "any"}
    assert await running.result(spec, [2]) == {"got": [2], "handler": "any"}


async def test_runtimes_that_do_not_run_here_are_refused_by_name(running: Running) -> None:
    """Ruby is not here, and invoking says so."""
    words = running.runner.refuse("ruby3.3")
    assert words is not None
    assert "ruby3.3" in words
    spec = running.function("ruby3.3", "app.handler", {})
    with pytest.raises(ServiceError) as refused:
        await running.call(spec)
    assert refused.value.code == "InvalidRuntimeException"
    assert running.runner.refuse(PYTHON) is None


async def test_output_without_end_is_cut_into_lines(running: Running) -> None:
    """A megabyte without a line break becomes several lines, and the tail stays 4 KB."""
    code = "def handler(event, context): print('x' * 1_000_000)"
    outcome = await running.call(running.function(PYTHON, "app.handler", {"app.py": code}))
    assert outcome.error is None
    assert len(outcome.log_tail) == 4096
    assert sum(line.count("x") for line in running.lines if line.strip("x") == "") == 1_000_000
    assert max(map(len, running.lines)) == 256 * 1024


async def test_a_flood_of_output_is_kept_up_to_a_bound(running: Running) -> None:
    """Of ten megabytes in lines four are kept, with a word about the rest; the next event
    may write again."""
    code = "def handler(event, context):\n    for _ in range(event): print('y' * 999)"
    spec = running.function(PYTHON, "app.handler", {"app.py": code})
    await running.result(spec, 10_000)
    kept = [line for line in running.lines if line.startswith("yyy")]
    assert 4_000 < len(kept) < 4_300
    assert [line for line in running.lines if "the rest is not kept" in line]
    running.lines.clear()
    await running.result(spec, 1)
    assert "y" * 999 in running.lines
