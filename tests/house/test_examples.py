"""The examples of the guides run against a real server, word for word."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from stepwell.testing.server import ServerProcess
from tests.shared import ROOT

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLE_SECONDS_MAX = 60
GUIDES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "docs" / "guides").glob("*.md")
    if BLOCK.search(path.read_text(encoding="utf-8"))
)


def program(guide: str) -> str:
    """The Python blocks of a guide, one after the other."""
    return "\n".join(BLOCK.findall((ROOT / guide).read_text(encoding="utf-8")))


def environment(endpoint: str) -> dict[str, str]:
    """What the guide tells the reader to set."""
    return os.environ | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@pytest.mark.parametrize("guide", GUIDES)
def test_the_examples_of_a_guide_run(guide: str, running_server: ServerProcess) -> None:
    """The Python of a guide, put together, runs to its end against a fresh server."""
    ended = subprocess.run(
        [sys.executable, "-c", program(guide)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(running_server.endpoint),
        timeout=EXAMPLE_SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout.decode() + running_server.log()
