"""`stepwell doctor` says beforehand what would become of a project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from stepwell.cli.main import main
from tests.cli.deploy.files import template, write

QUEUE = {"Type": "AWS::SQS::Queue"}
ALARM = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "m"}}
CLUSTER = {"Type": "AWS::ECS::Cluster"}
MACHINE: dict[str, Any] = {
    "Type": "AWS::StepFunctions::StateMachine",
    "Properties": {
        "DefinitionS3Location": "m.asl.json",
        "RoleArn": "arn:aws:iam::000000000000:role/any",
    },
}


def doctor(folder: Path, *more: str, **resources: Any) -> Result:
    """Examine a template of those resources."""
    write(folder, {"template.json": template(**resources)})
    return CliRunner().invoke(main, ["doctor", str(folder), *more])


def test_a_template_that_can_be_deployed(tmp_path: Path) -> None:
    """Each resource with its verdict; what has no effect is said, and stops nothing."""
    told = doctor(tmp_path, Jobs=QUEUE, Late=ALARM)
    assert told.exit_code == 0, told.output
    assert "1 run here, 1 stored without effect" in told.output
    assert "It can be deployed" in told.output


def test_a_type_that_is_not_here_refuses_the_template(tmp_path: Path) -> None:
    """The type is named, and the exit status says so."""
    told = doctor(tmp_path, Jobs=QUEUE, Cluster=CLUSTER)
    assert told.exit_code == 1
    assert "refused: /Resources/Cluster" in told.output
    assert "AWS::ECS::Cluster" in told.output
    assert "It can be deployed" not in told.output


def test_definitions_beside_the_template_are_reviewed(tmp_path: Path) -> None:
    """What a definition gets wrong is told before anything is created."""
    write(tmp_path, {"m.asl.json": {"StartAt": "Gone", "States": {"A": {"Type": "Succeed"}}}})
    told = doctor(tmp_path, Machine=MACHINE)
    assert told.exit_code == 1
    assert "Gone" in told.output


def test_the_same_remark_is_made_once(tmp_path: Path) -> None:
    """What is true of several resources is said once, with their number."""
    traced = {
        **MACHINE,
        "Properties": {**MACHINE["Properties"], "TracingConfiguration": {"Enabled": True}},
    }
    write(tmp_path, {"m.asl.json": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}})
    told = doctor(tmp_path, One=traced, Two=traced, Three=traced)
    assert told.output.count("TracingConfiguration") == 2
    assert "and 2 more" in told.output


def test_json_for_other_programs(tmp_path: Path) -> None:
    """The same as one document."""
    told = doctor(tmp_path, "--format", "json", Cluster=CLUSTER, Late=ALARM)
    [stack] = json.loads(told.output)["stacks"]
    assert stack["deploys"] is False
    assert {one["logicalId"]: one["verdict"] for one in stack["resources"]} == {
        "Cluster": "refused",
        "Late": "stored without effect",
    }
    refused = [one for one in stack["findings"] if one["severity"] == "REFUSED"]
    assert [one["logicalId"] for one in refused] == ["Cluster"]


def test_what_is_no_project_is_one_line(tmp_path: Path) -> None:
    """No traceback, a reason."""
    told = CliRunner().invoke(main, ["doctor", str(tmp_path)])
    assert told.exit_code == 1
    assert told.output.startswith("Error: ")


def test_a_file_that_is_missing_refuses_the_template(tmp_path: Path) -> None:
    """What the deployment would look for in vain is told beforehand."""
    code = {"Code": "./gone", "Role": "r", "Runtime": "python3.11", "Handler": "a.b"}
    told = doctor(tmp_path, Work={"Type": "AWS::Lambda::Function", "Properties": code})
    assert told.exit_code == 1
    assert "refused: Work.Code: there is no ./gone in" in told.output
