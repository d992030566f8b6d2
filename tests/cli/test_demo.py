"""`stepwell demo` as a person and as CI run it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS_MAX = 60
COMMAND = [sys.executable, "-m", "stepwell.cli.main", "demo", "--data"]


def is_alive(process: int) -> bool:
    """Whether a process of that id exists."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def servers(said: str) -> list[int]:
    """The process ids of the servers the demo told about."""
    return [int(found) for found in re.findall(r"\bprocess (\d+)", said)]


def test_it_keeps_every_promise(tmp_path: Path) -> None:
    """It ends with 0, shows the kill in the timeline and the refused answer, and leaves nothing."""
    environment = {**os.environ, "AWS_PROFILE": "nobody", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    result = subprocess.run(
        [*COMMAND, str(tmp_path / "data")],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        env=environment,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    said = result.stdout
    order = ["TaskSubmitted", "kill -9", "started again", "TaskSucceeded", "ExecutionSucceeded"]
    timeline = said[said.index("History of") :]
    assert sorted(order, key=timeline.index) == order
    assert "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'" in said
    assert "answered with success by request" in said
    assert "Nothing was lost." in said
    assert "\x1b" not in said
    assert len(servers(said)) == 2
    assert [pid for pid in servers(said) if is_alive(pid)] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_middle_it_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C ends the demo's server, too."""
    with subprocess.Popen(
        [*COMMAND, str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        said = demo.stdout.readline() + demo.stdout.readline() + demo.stdout.readline()
        [server] = servers(said)
        assert is_alive(server)
        demo.send_signal(number)
        _, error = demo.communicate(timeout=SECONDS_MAX)
    assert demo.returncode == 130
    assert "the demo's server is gone too" in error
    assert not is_alive(server)


def test_without_boto3_it_says_what_to_install(tmp_path: Path) -> None:
    """The extra is named before anything is started."""
    code = "import sys; sys.modules['boto3'] = None; from stepwell.cli.main import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code, "demo", "--data", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr == "Error: The demo needs boto3: pip install 'stepwell[demo]'\n"
    assert list(tmp_path.iterdir()) == []


def test_a_broken_promise_is_told(tmp_path: Path) -> None:
    """When the server cannot start, that is said in a few lines and the exit status is 1."""
    (tmp_path / "data").touch()
    result = subprocess.run(
        [*COMMAND, str(tmp_path / "data")],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert result.returncode == 1
    assert "The demo failed: the server did not start:" in result.stderr
    assert "cannot make" in result.stderr
    assert "Traceback" not in result.stderr
