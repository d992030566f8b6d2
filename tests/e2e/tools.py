"""The tools that people deploy with, as the tests run them: pinned, on loopback, without a trace.

`make test` installs them. Where they are missing a test is left out with a sentence, except where
STEPWELL_TOOLS_REQUIRED says that nothing may be left out, as CI does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from stepwell.cli.main import main
from stepwell.testing.server import ServerProcess
from tests.e2e.clients import REGION
from tests.shared import ROOT

EXAMPLES = ROOT / "examples"
CDK_TYPESCRIPT = EXAMPLES / "cdk_typescript"
SERVERLESS = EXAMPLES / "serverless_framework"
CDK_VENV = ROOT / ".state" / "cdk-venv"
SAM_VENV = ROOT / ".state" / "sam-venv"
TOOL_SECONDS_MAX = 180
FAR_FUTURE = 4_102_444_800
"""The year 2100, in seconds."""
OWN_BUCKETS = "stepwell-deploy-"
NOBODY = "http://127.0.0.1:1"
"""An address where nobody answers, for what must not need a server."""
_NOT_COPIED = shutil.ignore_patterns("node_modules", "cdk.out", ".serverless", "__pycache__")
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME")


def need(path: Path, what: str) -> Path:
    """The path, where it is there. Leaves the test out when it is not, or fails it in CI."""
    if not path.exists():
        _leave_out(f"{what} is missing: run `make test`, which installs it")
    return path


def node() -> str:
    """The program that JavaScript tools run on."""
    found = shutil.which("node")
    if found is None:
        _leave_out("node is missing: install Node.js 20 or newer")
    return str(found)


def _leave_out(sentence: str) -> None:
    if os.environ.get("STEPWELL_TOOLS_REQUIRED"):
        pytest.fail(sentence)
    pytest.skip(sentence)


def app_copy(home: Path, *folders: str) -> Path:
    """A copy of example folders, for changes; the first one is the app. Packages are shared."""
    for name in folders:
        shutil.copytree(EXAMPLES / name, home / name, ignore=_NOT_COPIED)
        packages = EXAMPLES / name / "node_modules"
        if packages.is_dir():
            (home / name / "node_modules").symlink_to(packages)
    return home / folders[0]


@dataclass(frozen=True, slots=True)
class Tool:
    """A command-line tool in an app's folder, with the settings that lead it to a server."""

    command: tuple[str, ...]
    folder: Path
    home: Path
    """Where it may keep what it wants to keep."""
    endpoint: str
    more: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, status: int | None = 0) -> str:
        """All that it printed. Raises AssertionError when it ends with another status."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TOOL_SECONDS_MAX,
            check=False,
        )
        printed = done.stdout.decode(errors="replace")
        assert status is None or done.returncode == status, printed
        return printed

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {
            **kept,
            "HOME": str(self.home),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "true",
            "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "true",
            "SLS_TELEMETRY_DISABLED": "1",
            "SLS_NOTIFICATIONS_MODE": "off",
            "NO_COLOR": "1",
            **self.more,
        }


def cdk(folder: Path, home: Path, server: ServerProcess | None = None) -> Tool:
    """The CDK in an app's folder; a Python app finds the Python that has the CDK's library."""
    program = need(CDK_TYPESCRIPT / "node_modules" / "aws-cdk" / "bin" / "cdk", "the CDK")
    more: dict[str, str] = {}
    if (folder / "app.py").exists():
        python = need(CDK_VENV / ".installed", "the CDK's library for Python").parent / "bin"
        more["PATH"] = os.pathsep.join([str(python), os.environ["PATH"]])
    command = (node(), str(program), "--no-notices", "--no-version-reporting", "--ci")
    return Tool(command, folder, home, _endpoint(server), more)


def osls(version: int, folder: Path, home: Path, server: ServerProcess | None = None) -> Tool:
    """The Serverless Framework's open version 3 or 4 in an app's folder."""
    packages = SERVERLESS / "node_modules" / f"osls{version}" / "bin" / "serverless.js"
    program = need(packages, "the Serverless Framework")
    return Tool((node(), str(program)), folder, home, _endpoint(server))


def sam(folder: Path, home: Path, server: ServerProcess | None = None) -> Tool:
    """The AWS SAM CLI in an app's folder; it builds with the Python that it runs on."""
    programs = need(SAM_VENV / ".installed", "the AWS SAM CLI").parent / "bin"
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    more = {"PATH": path, "SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.5"}
    # It asks a registry for its newest version, unless it did so a short time ago.
    kept = home / ".aws-sam"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "metadata.json").write_text(json.dumps({"lastVersionCheck": FAR_FUTURE}))
    return Tool((str(programs / "sam"),), folder, home, _endpoint(server), more)


def aws_cli(folder: Path, home: Path, server: ServerProcess | None = None) -> Tool:
    """The AWS CLI in an app's folder."""
    program = need(Path(sys.executable).parent / "aws", "the AWS CLI")
    return Tool((str(program),), folder, home, _endpoint(server), {"AWS_PAGER": ""})


def stepwell(server: ServerProcess, *arguments: str) -> str:
    """What `stepwell` printed, pointed at a server. Raises AssertionError unless it succeeds."""
    told = {"STEPWELL_ENDPOINT": server.endpoint, "AWS_REGION": REGION}
    done = CliRunner().invoke(main, list(arguments), env=told)
    assert done.exit_code == 0, done.output
    return done.output


def without_own_buckets(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """An inventory without the bucket that `stepwell deploy` sends things to, and keeps."""
    kept = {name for name in found.get("buckets", ()) if not name.startswith(OWN_BUCKETS)}
    return {kind: names for kind, names in {**found, "buckets": kept}.items() if names}


def _endpoint(server: ServerProcess | None) -> str:
    return NOBODY if server is None else server.endpoint


def replaced(path: Path, pairs: Sequence[tuple[str, str]]) -> None:
    """Change texts of a file. Each must be there."""
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, f"{old!r} is not in {path.name}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
