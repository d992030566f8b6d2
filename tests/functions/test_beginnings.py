"""Beginnings that take too long, processes that nobody needs, programs that are not there."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from stepwell.errors import ServiceError
from stepwell.functions.java_packages import JavaPackages
from tests.functions.running import Running, make_running
from tests.functions.test_runner import PID, ended

PYTHON = "python3.12"


@pytest_asyncio.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[Running]:
    """A runner for which ten seconds are over after one."""
    running = make_running(tmp_path, hasty=10)
    yield running
    await running.runner.close()


async def test_a_slow_beginning_is_tried_again_in_the_functions_own_time(hasty: Running) -> None:
    """Ten seconds are the first try's, the second may take the function's timeout."""
    code = """
import os, time
if not os.path.exists("tried"):
    open("tried", "w").close()
    time.sleep(600)
def handler(event, context): return event
"""
    spec = hasty.function(PYTHON, "app.handler", {"app.py": code}, timeout_seconds=300)
    assert await hasty.result(spec, 5) == 5
    assert [line for line in hasty.lines if "Phase: init\tStatus: timeout" in line]


async def test_a_beginning_without_end_is_a_timeout(hasty: Running) -> None:
    """Neither try gets ready: the function has taken its time."""
    code = "import time\ntime.sleep(600)"
    spec = hasty.function(PYTHON, "app.handler", {"app.py": code}, timeout_seconds=20)
    assert await hasty.error(spec) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: request-1 Error: Task timed out after 20.00 seconds",
    }


async def test_an_idle_process_ends_after_a_while(tmp_path: Path) -> None:
    """Five minutes without an event, which are a fifth of a second here."""
    running = make_running(tmp_path, hasty=1500)
    try:
        code = {"app.py": PID}
        spec = running.function(PYTHON, "app.handler", code, timeout_seconds=90_000)
        pid = await running.result(spec)
        assert isinstance(pid, int)
        await ended(pid)
        assert await running.result(spec) != pid
    finally:
        await running.runner.close()


async def test_a_program_that_is_not_there(
    running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without node or java on the PATH their runtimes are refused in words; Python is there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "`node`" in str(running.runner.refuse("nodejs20.x"))
    assert "`java`" in str(running.runner.refuse("java21"))
    assert running.runner.refuse("python3.12") is None
    assert "Python 2.7" in str(running.runner.refuse("python2.7"))
    assert "nonsense" in str(running.runner.refuse("nonsense"))


async def test_code_that_is_gone_is_told(running: Running) -> None:
    """The folder of the code was removed: a service error, not a crash."""
    spec = running.function("provided.al2023", "any", {})
    with pytest.raises(ServiceError) as refused:
        await running.call(spec)
    assert "bootstrap" in refused.value.message
    broken = running.function("provided.al2023", "any", {"bootstrap": "#!/not/there\n"})
    with pytest.raises(ServiceError) as refused:
        await running.call(broken)
    assert refused.value.code == "InvalidRuntimeException"


async def test_jars_that_cannot_be_fetched_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address and the setting are named; a file of another content is not taken."""
    monkeypatch.setenv("STEPWELL_MAVEN_REPOSITORY", "http://127.0.0.1:9/maven2")
    with pytest.raises(ServiceError) as refused:
        await JavaPackages(tmp_path).jars()
    assert "http://127.0.0.1:9/maven2/com/amazonaws/aws-lambda-java-core/" in refused.value.message
    assert "STEPWELL_MAVEN_REPOSITORY" in refused.value.message


async def test_what_cannot_be_fetched_is_not_tried_at_once_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function whose package is out of reach fails in Node's words, with a hint in the log."""
    programs = tmp_path / "programs"
    programs.mkdir()
    calls = tmp_path / "calls"
    npm = programs / "npm"
    npm.write_text(f"#!/bin/sh\necho called >> {calls}\necho no network here\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    running = make_running(tmp_path, cache=tmp_path / "cache")
    if running.runner.refuse("nodejs20.x"):
        pytest.skip("there is no `node` on the PATH")
    try:
        code = "require('aws-sdk'); exports.handler = async () => 1;"
        spec = running.function("nodejs20.x", "index.handler", {"index.js": code})
        for _ in range(2):
            found = await running.error(spec)
            assert str(found["errorMessage"]).startswith("Error: Cannot find module 'aws-sdk'")
        hints = [line for line in running.lines if "could not be fetched" in line]
        assert len(hints) == 2
        assert hints[0].endswith("put it into the function's code. no network here")
        assert calls.read_text() == "called\n"
    finally:
        await running.runner.close()


async def test_what_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    """Temporary folders of a life before are gone with the first process."""
    (tmp_path / "scratch/tmp/old").mkdir(parents=True)
    running = make_running(tmp_path)
    try:
        spec = running.function(PYTHON, "app.handler", {"app.py": PID})
        pid = await running.result(spec)
        assert not (tmp_path / "scratch/tmp/old").exists()
        await running.runner.forget(spec.key)
        assert isinstance(pid, int)
        await ended(pid)
    finally:
        await running.runner.close()
