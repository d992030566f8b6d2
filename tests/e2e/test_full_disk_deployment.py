"""A disk that is full in the middle of a deployment: with space again it goes on by itself."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from stepwell.testing.server import ServerProcess
from tests.e2e.conditions import until
from tests.e2e.test_full_disk import fill, server_on, small_disk
from tests.e2e.test_kill_deployment import client_of

__all__ = ["small_disk"]

PARAMETERS = 120
DISK = "32m"
FULL_SECONDS = 3
LOG_LINES_MAX = 200


def status(server: ServerProcess) -> str:
    """The stack's status; the code of the refusal when it is not shown."""
    try:
        shown = client_of(server, "cloudformation").describe_stacks(StackName="long")
    except ClientError as refused:
        return str(refused.response["Error"]["Code"])
    return str(shown["Stacks"][0]["StackStatus"])


def body(value: str) -> str:
    """Parameters one after another: enough to outlast the filling."""
    resources: dict[str, Any] = {}
    for number in range(PARAMETERS):
        properties = {"Type": "String", "Value": f"{value}{number}"}
        resources[f"P{number}"] = {"Type": "AWS::SSM::Parameter", "Properties": properties}
        if number:
            resources[f"P{number}"]["DependsOn"] = f"P{number - 1}"
    return json.dumps({"Resources": resources})


@pytest.mark.timeout(180)
def test_a_disk_that_is_full_while_a_stack_is_made(small_disk: Path) -> None:
    """Nothing is lost or made twice, nothing hangs, and the log stays short."""
    subprocess.run(["mount", "-o", f"remount,size={DISK}", str(small_disk)], check=True)
    with server_on(small_disk) as server:
        stacks = client_of(server, "cloudformation")

        def create() -> None:
            with contextlib.suppress(ClientError, BotoCoreError):
                stacks.create_stack(StackName="long", TemplateBody=body("a"))

        caller = threading.Thread(target=create)
        caller.start()
        until(lambda: status(server) == "CREATE_IN_PROGRESS", "it has begun")
        fill(small_disk)
        caller.join()
        threading.Event().wait(FULL_SECONDS)
        assert status(server) in ("CREATE_IN_PROGRESS", "ServiceUnavailable")
        assert server.log().count("\n") < LOG_LINES_MAX
        (small_disk / "ballast").unlink()
        until(lambda: status(server) == "CREATE_COMPLETE", "it goes on with space again")
        shown = client_of(server, "ssm").get_paginator("describe_parameters").paginate()
        assert sum(len(page["Parameters"]) for page in shown) == PARAMETERS
        fill(small_disk)
        with contextlib.suppress(ClientError):
            # Refused, or begun and waiting for space: nothing in between.
            stacks.delete_stack(StackName="long")
        (small_disk / "ballast").unlink()
        until(lambda: "IN_PROGRESS" not in status(server), "it is still, or gone")
        with contextlib.suppress(ClientError):
            stacks.delete_stack(StackName="long")
        until(lambda: status(server) == "ValidationError", "it is deleted")
        assert "Traceback" not in server.log()
