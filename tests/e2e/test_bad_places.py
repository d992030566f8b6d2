"""What an operator can put right: exit status 1 and one clear sentence, never a traceback."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from stepwell.stores.sqlite.store import FILE_NAME
from stepwell.testing.server import ServerProcess, free_port
from tests.e2e.clients import client

START_SECONDS_MAX = 30
SENTENCE_CHARACTERS_MAX = 600


def failed_start(*words: str, **environment: str) -> str:
    """What `stepwell start` says when it cannot: status 1, one line on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "stepwell.cli.main", "start", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=START_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 1, done
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("Error: ")
    assert len(lines[0]) < SENTENCE_CHARACTERS_MAX
    assert "Traceback" not in done.stderr + done.stdout
    assert "listens on" not in done.stdout
    return lines[0]


def on(data: Path) -> tuple[str, ...]:
    """Options for a free port and that folder."""
    return ("--port", str(free_port()), "--data", str(data))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a database that a server has made and left, with one queue in it."""
    folder = tmp_path / "data"
    with ServerProcess(folder) as server:
        client(server, "sqs").create_queue(QueueName="kept")
        assert server.stop() == 0
    return folder


def still_works(data: Path) -> None:
    """The data is as it was."""
    with ServerProcess(data) as server:
        assert "QueueUrl" in client(server, "sqs").get_queue_url(QueueName="kept")


def test_a_folder_in_use(data: Path) -> None:
    """A second server on the same folder is refused, names the first, and disturbs nothing."""
    with ServerProcess(data) as server:
        text = failed_start(*on(data))
        assert "in use by another Stepwell" in text
        assert str(server.pid) in text
        assert client(server, "sqs").get_queue_url(QueueName="kept")


def test_a_database_in_use(tmp_path: Path, postgres_url: str) -> None:
    """A second server on the same PostgreSQL database is refused."""
    arguments = ["--store", postgres_url]
    with ServerProcess(tmp_path / "data", arguments=arguments) as server:
        text = failed_start("--port", str(free_port()), *arguments)
        assert "is in use by" in text
        assert "p%40ss" not in text
        assert server.healthy()


def test_data_of_a_newer_version(data: Path) -> None:
    """Data that a newer Stepwell wrote is left alone."""
    path = data / FILE_NAME
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.execute("INSERT INTO schema_version VALUES (9999, 'future', 'x')")
    before = path.read_bytes()
    text = failed_start(*on(data))
    assert "schema version 9999" in text
    assert "newer Stepwell" in text
    assert path.read_bytes() == before
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        connection.execute("DELETE FROM schema_version WHERE number = 9999")
    still_works(data)


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_truncated_database(data: Path, kept: float) -> None:
    """A database file that was cut is told to be damaged."""
    path = data / FILE_NAME
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * kept))
    assert "damaged" in failed_start(*on(data))


def test_a_file_that_is_no_database(data: Path) -> None:
    """Something else under the database's name is not touched."""
    path = data / FILE_NAME
    path.write_bytes(b"this is no database" * 1000)
    assert "is not a Stepwell database" in failed_start(*on(data))
    assert path.read_bytes() == b"this is no database" * 1000


def test_the_folder_is_a_file(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "file").write_text("x")
    assert "cannot make" in failed_start(*on(tmp_path / "file"))
    assert "cannot make" in failed_start(*on(tmp_path / "file" / "below"))


@pytest.fixture
def unwritable(tmp_path: Path) -> Iterator[Path]:
    """A folder where not even the superuser can write."""
    if Path("/proc/self").exists():
        yield Path("/proc/stepwell-data")
        return
    if os.geteuid() == 0:
        pytest.skip("the superuser may write everywhere here")
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    yield folder / "data"


def test_a_folder_that_cannot_be_written(unwritable: Path) -> None:
    """A place without permission to write."""
    assert "cannot make" in failed_start(*on(unwritable))


def test_a_database_that_cannot_be_written(data: Path) -> None:
    """A database file without permission to write."""
    if os.geteuid() == 0:
        pytest.skip("the superuser may write everywhere")
    path = data / FILE_NAME
    path.chmod(0o400)
    try:
        assert "cannot be written" in failed_start(*on(data))
    finally:
        path.chmod(0o600)


def test_a_port_in_use(tmp_path: Path) -> None:
    """Another listener on the port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        text = failed_start("--port", port, "--data", str(tmp_path / "data"))
    assert f"Port {port} is in use" in text


def test_an_address_that_is_not_ours(tmp_path: Path) -> None:
    """An address of another machine."""
    keys = {"STEPWELL_ACCESS_KEY_ID": "key", "STEPWELL_SECRET_ACCESS_KEY": "secret"}
    text = failed_start("--host", "192.0.2.1", *on(tmp_path / "data"), **keys)
    assert "no address of this machine" in text


def test_open_to_the_network_without_credentials(tmp_path: Path) -> None:
    """Nobody is let in from outside without a signature."""
    assert "without credentials" in failed_start("--host", "0.0.0.0", *on(tmp_path / "data"))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody:secret@127.0.0.1:1/none",
        "postgresql://nobody:secret@127.0.0.1:notaport/none",
        "postgresql://",
        "mysql://nobody:secret@127.0.0.1/none",
    ],
)
def test_a_database_that_is_not_there(url: str) -> None:
    """A database that cannot be reached; its password is not told."""
    assert "secret" not in failed_start("--port", str(free_port()), "--store", url)


def test_a_database_that_refuses_us(postgres_url: str) -> None:
    """A wrong password."""
    text = failed_start("--store", postgres_url.replace("p%40ss", "wrong"), *on(Path("unused")))
    assert "password" in text.lower()
    assert "wrong" not in text
    assert not Path("unused").exists()


def test_credentials_that_cannot_be_read(tmp_path: Path) -> None:
    """A credentials file that is missing or broken."""
    words = ("--credentials-file", str(tmp_path / "keys"), *on(tmp_path / "data"))
    assert "cannot be read" in failed_start(*words)
    (tmp_path / "keys").write_text("only-a-key\n")
    assert "line 1" in failed_start(*words)
    (tmp_path / "keys").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in failed_start(*words)
