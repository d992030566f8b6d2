"""`stepwell start` as a process: how it begins, how it ends, and what it says when it can't."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stepwell.cli.client import Client, Credentials
from stepwell.testing.server import ServerProcess, free_port

SECONDS_MAX = 30
PASSWORD = "hush"
MAIN = "from stepwell.cli.main import main; main()"


def start(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run `stepwell start` to its end."""
    command = [sys.executable, "-c", f"{before}{MAIN}", "start", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """The one line that says why it did not start; nothing else may have been said."""
    assert result.returncode == 1, result
    assert result.stdout == ""
    assert result.stderr.startswith("Error: "), result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr.removeprefix("Error: ").rstrip("\n")


def log_has(server: ServerProcess, text: str) -> bool:
    """Whether the server says it within a while."""
    end = time.monotonic() + SECONDS_MAX
    while text not in server.log():
        if time.monotonic() > end:
            return False
    return True


def test_it_says_where_it_listens(tmp_path: Path) -> None:
    """The first lines tell endpoint, folder, account, and what to try."""
    with ServerProcess(tmp_path / "data") as server:
        said = server.log()
        assert f"listens on {server.endpoint}\n" in said
        assert f"data     {tmp_path / 'data'}\n" in said
        assert "account  000000000000, region us-east-1, any credentials\n" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(tmp_path: Path, number: signal.Signals) -> None:
    """It finishes and exits with 0."""
    with ServerProcess(tmp_path / "data") as server:
        os.kill(server.pid, number)
        assert server.wait(SECONDS_MAX) == 0
        assert "stopped" in server.log()


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """While a request is still coming in it waits; told again it does not."""
    with (
        ServerProcess(tmp_path / "data") as server,
        socket.create_connection(("127.0.0.1", server.port)) as half,
    ):
        half.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
        Client(server.endpoint).call("ListStateMachines")  # By now the half one has arrived, too.
        os.kill(server.pid, signal.SIGTERM)
        assert log_has(server, "finished first")
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait(SECONDS_MAX) == 128 + signal.SIGTERM


def test_every_option_can_be_set_in_the_environment(tmp_path: Path) -> None:
    """STEPWELL_ variables do what the options do."""
    keys = tmp_path / "keys"
    keys.write_text("# ours\n\nFIRST one\nSECOND two\n")
    environment = {
        "STEPWELL_CREDENTIALS_FILE": str(keys),
        "STEPWELL_ACCESS_KEY_ID": "THIRD",
        "STEPWELL_SECRET_ACCESS_KEY": "three",
        "STEPWELL_ACCOUNT": "123456789012",
        "STEPWELL_REGION": "eu-central-1",
        "STEPWELL_LOG_LEVEL": "warning",
    }
    with ServerProcess(tmp_path / "data", environment=environment) as server:
        said = "account  123456789012, region eu-central-1, requests signed with one of 3 access"
        assert said in server.log()
        for key, secret in (("FIRST", "one"), ("SECOND", "two"), ("THIRD", "three")):
            client = Client(server.endpoint, credentials=Credentials(key, secret))
            assert client.call("ListStateMachines") == {"stateMachines": []}
        assert server.stop() == 0
        assert "stopping" not in server.log()


def test_logs_can_be_json(tmp_path: Path) -> None:
    """Every line is one object with time, level, logger and message."""
    with ServerProcess(tmp_path / "data", arguments=["--json-logs"]) as server:
        endpoint = server.endpoint
        assert server.stop() == 0
        lines = [json.loads(line) for line in server.log().splitlines()]
    assert lines[0]["message"].endswith(f"listens on {endpoint}")
    assert {"time", "level", "logger", "message"} == set(lines[0])
    assert lines[-1]["message"] == "stopped"


def test_the_port_is_in_use(tmp_path: Path) -> None:
    """Another listener on the port: its number, and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(start("--port", str(port), "--data", str(tmp_path / "data")))
    assert said.startswith(f"Port {port} is in use")


def test_the_data_is_in_use(tmp_path: Path) -> None:
    """Another server on the folder: its process id."""
    with ServerProcess(tmp_path / "data") as server:
        said = refused(start("--port", str(free_port()), "--data", str(server.data)))
        assert f"in use by another Stepwell (process {server.pid})" in said


def test_the_data_is_from_a_newer_version(tmp_path: Path) -> None:
    """A schema this version does not know is left alone."""
    with ServerProcess(tmp_path / "data") as server:
        assert server.stop() == 0
    database = sqlite3.connect(tmp_path / "data" / "stepwell.sqlite3")
    database.execute("INSERT INTO schema_version VALUES (9999, 'later', 'x')")
    database.commit()
    database.close()
    said = refused(start("--port", str(free_port()), "--data", str(tmp_path / "data")))
    assert "newer" in said


def a_file(folder: Path) -> list[str]:
    """A file where the folder should be."""
    (folder / "file").touch()
    return ["--data", str(folder / "file")]


def a_bad_line(folder: Path) -> list[str]:
    """A credentials file with a line that is none."""
    (folder / "keys").write_text("KEY one\nlonely\n")
    return ["--credentials-file", str(folder / "keys")]


REFUSED: dict[str, tuple[Callable[[Path], list[str]], str]] = {
    "a folder that cannot be made": (a_file, "cannot make "),
    "an open port without keys": (
        lambda folder: ["--host", "0.0.0.0"],
        "Refusing to listen on 0.0.0.0 without credentials",
    ),
    "a store of another kind": (
        lambda folder: ["--store", f"mysql://user:{PASSWORD}@host/x"],
        "no store is known for mysql://",
    ),
    "a database that is not there": (
        lambda folder: ["--store", f"postgresql://user:{PASSWORD}@127.0.0.1:{free_port()}/x"],
        "cannot be reached",
    ),
    "a host that is none": (
        lambda folder: ["--host", "192.0.2.1", "--access-key", "k", "--secret-key", "s"],
        "192.0.2.1 is no address of this machine.",
    ),
    "a key without its secret": (lambda folder: ["--access-key", "k"], "go together"),
    "a credentials file that is not there": (
        lambda folder: ["--credentials-file", str(folder / "nowhere")],
        "cannot be read",
    ),
    "a bad line in the credentials file": (a_bad_line, "keys, line 2: give an access key"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_an_operator_can_put_right_is_one_line(tmp_path: Path, name: str) -> None:
    """One line on stderr, exit status 1, no traceback, no password."""
    make, said = REFUSED[name]
    data = ["--port", str(free_port()), "--data", str(tmp_path / "data")]
    line = refused(start(*data, *make(tmp_path)))
    assert said in line
    assert PASSWORD not in line


def test_a_missing_extra_is_named() -> None:
    """Without asyncpg the line says which extra to install."""
    without = "import sys; sys.modules['asyncpg'] = None; "
    said = refused(start("--store", "postgresql://127.0.0.1/x", before=without))
    assert "pip install 'stepwell[postgres]'" in said


@pytest.mark.parametrize("account", ["123", "abcdefghijkl", "1234567890123"])
def test_an_account_has_twelve_digits(account: str) -> None:
    """Anything else is a wrong call."""
    result = start("--account", account)
    assert result.returncode == 2
    assert "give 12 digits" in result.stderr
