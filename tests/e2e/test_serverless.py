"""The Serverless Framework's app runs on a server: from its package, and deployed by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.conditions import until
from tests.e2e.inventory import inventory
from tests.e2e.serverless_stack import deploy_package, outputs_of, remove_package
from tests.e2e.tools import app_copy, osls, replaced, stepwell, without_own_buckets
from tests.e2e.web import get

STACK = "serverless-stepfunctions-callback-dev"
DECIDES = f"{STACK}-ProcessAndCheckCompletion"
FATES = {"0.1": ("SUCCEEDED", None), "0.9": ("FAILED", "Processing failed")}
"""Chance -> the execution's status and error."""

pytestmark = pytest.mark.timeout(600)


def test_a_package_of_version_3_is_deployed(running_server: ServerProcess, tmp_path: Path) -> None:
    """The app's own `serverless.yml`: its stack is made, used, found unchanged, and deleted."""
    before = inventory(running_server)
    folder = app_copy(tmp_path, "serverless_framework")
    osls(3, folder, tmp_path).run("package", "--stage", "dev")
    assert deploy_package(running_server, STACK, folder / ".serverless")
    each_fate_comes_true(running_server)
    assert not deploy_package(running_server, STACK, folder / ".serverless")
    remove_package(running_server, STACK)
    assert inventory(running_server) == before


def test_stepwell_deploys_a_package(running_server: ServerProcess, tmp_path: Path) -> None:
    """`stepwell deploy .serverless` and `stepwell destroy` do what version 3 can't do here."""
    before = inventory(running_server)
    folder = app_copy(tmp_path, "serverless_framework")
    osls(3, folder, tmp_path).run("package", "--stage", "dev")
    stepwell(running_server, "deploy", str(folder))
    each_fate_comes_true(running_server)
    stepwell(running_server, "destroy", str(folder), "--yes")
    assert without_own_buckets(inventory(running_server)) == before


def test_version_4_deploys_by_itself(running_server: ServerProcess, tmp_path: Path) -> None:
    """`osls deploy`, again, with a change, and `osls remove`."""
    before = inventory(running_server)
    folder = app_copy(tmp_path, "serverless_framework")
    tool = osls(4, folder, tmp_path, running_server)
    settings = ("--config", "serverless.v4.yml", "--stage", "dev")
    assert "Service deployed to stack" in tool.run("deploy", *settings)
    each_fate_comes_true(running_server)
    assert "No changes to deploy" in tool.run("deploy", *settings)
    replaced(folder / "handler.py", [("looking good", "looking better")])
    tool.run("deploy", *settings)
    assert "looking better" in each_fate_comes_true(running_server)
    tool.run("remove", *settings)
    assert inventory(running_server) == before


def each_fate_comes_true(server: ServerProcess) -> str:
    """`GET /start` starts the machine; both ends come as the function decides. The good output."""
    url = outputs_of(server, STACK)["ServiceEndpoint"] + "/start"
    output = ""
    for chance, (status, error) in FATES.items():
        functions = client(server, "lambda")
        environment = {"Variables": {"CHANCE": chance}}
        functions.update_function_configuration(FunctionName=DECIDES, Environment=environment)
        ended = _ended(server, json.loads(get(server, url))["executionArn"])
        assert (ended["status"], ended.get("error")) == (status, error)
        output = ended.get("output", output)
    return output


def _ended(server: ServerProcess, execution: str) -> Any:
    states = client(server, "stepfunctions")

    def over() -> bool:
        return bool(states.describe_execution(executionArn=execution)["status"] != "RUNNING")

    until(over, "the end of the execution")
    return states.describe_execution(executionArn=execution)
