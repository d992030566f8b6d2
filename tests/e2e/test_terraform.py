"""The example app for Terraform: deployed, used, changed and destroyed by the real thing."""

from __future__ import annotations

import json
import re
import shutil
import urllib.request

import pytest

from examples.kit import World
from stepwell.testing.server import ServerProcess
from tests.e2e.terraform import Terraform
from tests.e2e.terraform_apps import EXAMPLE, everything_left, pack_functions

pytestmark = pytest.mark.timeout(300)
"""Most of it is the provider waiting until what is there already settles."""


def nothing(seconds: float) -> None:
    """This server's clock is the machine's."""


@pytest.fixture(scope="module")
def world(running_server: ServerProcess) -> World:
    """The server, as the example apps see one."""
    return World(running_server.endpoint, nothing, print)


@pytest.fixture(scope="module")
def app(running_server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The example app, deployed."""
    folder = tmp_path_factory.mktemp("app")
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    pack_functions(folder / "build")
    terraform = Terraform(folder, running_server.endpoint)
    terraform.init()
    terraform.apply()
    return terraform


def test_an_execution_goes_through_the_callback(app: Terraform, world: World) -> None:
    """Queue, mapping, alias, layer, token, table: it ends with the function's verdict."""
    outputs = app.outputs()
    ended = world.ended(world.start(outputs["machine"], {"order": "chairs"}))
    assert json.loads(ended["output"]) == {"order": "chairs", "answer": {"verdict": "approved"}}
    rows = world.aws("dynamodb").scan(TableName="approvals-verdicts")["Items"]
    assert {"order": {"S": "chairs"}, "verdict": {"S": "approved"}} in rows

    def told() -> bool | None:
        # The bucket's test event comes to the same queue.
        letters = world.aws("sqs").receive_message(QueueUrl=outputs["letters"])
        bodies = [letter["Body"] for letter in letters.get("Messages", [])]
        return True if "chairs: approved" in bodies else None

    assert world.until("the topic's message", told)


def test_both_apis_and_a_rule_start_the_machine(app: Terraform, world: World) -> None:
    """REST with a template, HTTP with an integration of its own kind, an event on the app's bus."""
    outputs = app.outputs()
    for url in (outputs["rest"], outputs["http_api"]):
        body = json.dumps({"order": "tables"}).encode()
        asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            execution = json.loads(answer.read())["executionArn"]
        assert world.ended(execution)["status"] == "SUCCEEDED"
    event = {"Source": "shop", "DetailType": "ordered", "Detail": json.dumps({"order": "lamps"})}
    sent = world.aws("events").put_events(Entries=[{**event, "EventBusName": "approvals-orders"}])
    assert sent["FailedEntryCount"] == 0

    def remembered() -> bool | None:
        key = {"order": {"S": "lamps"}}
        row = world.aws("dynamodb").get_item(TableName="approvals-verdicts", Key=key)
        return True if "Item" in row else None

    assert world.until("the order that came by event", remembered)


def test_the_functions_address_answers(app: Terraform) -> None:
    """The function behind the URL finds its layer."""
    with urllib.request.urlopen(app.outputs()["hello"], timeout=60) as answer:
        assert answer.read() == b"approved"


def test_a_second_plan_changes_nothing(app: Terraform) -> None:
    """Every attribute is read back as it was asked for."""
    assert app.changes() == ""


def test_a_change_is_applied_alone(app: Terraform, world: World) -> None:
    """Another patience: the alias leads to a new version, and nothing else is replaced."""
    option = "-var=patience_seconds=60"
    printed = app.apply(option)
    assert "0 added" in printed
    assert "0 destroyed" in printed
    sfn = world.aws("stepfunctions")
    machine = app.outputs()["machine"]
    definition = json.loads(sfn.describe_state_machine(stateMachineArn=machine)["definition"])
    assert definition["States"]["Ask"]["TimeoutSeconds"] == 60
    alias = sfn.describe_state_machine_alias(stateMachineAliasArn=f"{machine}:live")
    assert alias["routingConfiguration"] == [
        {"stateMachineVersionArn": f"{machine}:2", "weight": 100}
    ]
    assert app.changes(option) == ""


def test_nothing_is_left_after_destroy(app: Terraform, running_server: ServerProcess) -> None:
    """Every service lists nothing."""
    printed = app.destroy()
    assert re.search(r"Destroy complete! Resources: \d\d destroyed", printed)
    assert everything_left(running_server) == {}
