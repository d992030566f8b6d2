"""The example app for Terraform: deployed, used, changed and destroyed by the real thing."""

from __future__ import annotations

import json
import re
import shutil
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from examples.kit import World
from stepwell.testing.server import ServerProcess
from tests.e2e.clients import client
from tests.e2e.terraform import Terraform
from tests.shared import ROOT

EXAMPLE = ROOT / "examples" / "terraform_callback"


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
    pack(folder / "build" / "decide.zip", EXAMPLE / "functions" / "decide")
    pack(folder / "build" / "words.zip", EXAMPLE / "functions" / "words")
    terraform = Terraform(folder, running_server.endpoint)
    terraform.init()
    terraform.apply()
    return terraform


def pack(archive: Path, folder: Path) -> None:
    """What the example's README does by hand."""
    archive.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(archive, "w") as written:
        for path in sorted(folder.rglob("*.py")):
            written.write(path, path.relative_to(folder))


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
    assert {name: left for name, look in LISTS.items() if (left := look(running_server))} == {}


def listed(service: str, operation: str, member: str, **given: Any) -> Callable[[Any], list[Any]]:
    """What a service lists."""

    def look(server: ServerProcess) -> list[Any]:
        answer = getattr(client(server, service), operation)(**given)
        found: list[Any] = answer.get(member, [])
        return [it for it in found if not (isinstance(it, dict) and it.get("Name") == "default")]

    return look


LISTS = {
    "machines": listed("stepfunctions", "list_state_machines", "stateMachines"),
    "activities": listed("stepfunctions", "list_activities", "activities"),
    "log groups": listed("logs", "describe_log_groups", "logGroups"),
    "queues": listed("sqs", "list_queues", "QueueUrls"),
    "topics": listed("sns", "list_topics", "Topics"),
    "subscriptions": listed("sns", "list_subscriptions", "Subscriptions"),
    "functions": listed("lambda", "list_functions", "Functions"),
    "layers": listed("lambda", "list_layers", "Layers"),
    "mappings": listed("lambda", "list_event_source_mappings", "EventSourceMappings"),
    "tables": listed("dynamodb", "list_tables", "TableNames"),
    "buckets": listed("s3", "list_buckets", "Buckets"),
    "buses": listed("events", "list_event_buses", "EventBuses"),
    "rules": listed("events", "list_rules", "Rules"),
    "schedules": listed("scheduler", "list_schedules", "Schedules"),
    "schedule groups": listed("scheduler", "list_schedule_groups", "ScheduleGroups"),
    "roles": listed("iam", "list_roles", "Roles"),
    "policies": listed("iam", "list_policies", "Policies", Scope="Local"),
    "parameters": listed("ssm", "describe_parameters", "Parameters"),
    "secrets": listed("secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True),
    "REST APIs": listed("apigateway", "get_rest_apis", "items"),
    "HTTP APIs": listed("apigatewayv2", "get_apis", "Items"),
}
