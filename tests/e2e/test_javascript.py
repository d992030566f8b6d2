"""The AWS SDK for JavaScript v3 drives the main job."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from stepwell.testing.server import ServerProcess

FOLDER = Path(__file__).parent / "js"
NODE_SECONDS_MAX = 60


def test_the_javascript_sdk_drives_the_main_job(running_server: ServerProcess) -> None:
    """Callback with heartbeat, activity, message batch: under node, with default settings."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing: install Node.js 20 or newer")
    if not (FOLDER / "node_modules" / "@aws-sdk" / "client-sfn").exists():
        pytest.skip("the SDK is missing: run `npm ci` in tests/e2e/js")
    done = subprocess.run(
        [node, "drive.mjs", running_server.endpoint],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=NODE_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    callback = seen["callback"]
    assert callback.pop("types")[-1] == "ExecutionSucceeded"
    assert callback == {
        "status": "SUCCEEDED",
        "output": '{"text":"grüße 🚀"}',
        "refusal": "TaskTimedOut",
        "started": True,
    }
    assert seen["activity"] == "[1]"
    assert seen["batch"] == {
        "sent": ["a"],
        "failed": ["b"],
        "body": "one",
        "text": "ü",
        "blob": [0, 255],
    }
