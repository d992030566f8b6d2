"""Which tool a project was made with, and what its stacks are."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwell.cli.deploy.packaging import package
from stepwell.cli.deploy.projects import open_project
from stepwell.cli.deploy.sources import BadProject
from tests.cli.deploy.files import HANDLER, cdk_out, template, write

QUEUE = {"Type": "AWS::SQS::Queue"}


def test_a_folder_with_a_template_is_a_stack_of_its_name(tmp_path: Path) -> None:
    """The stack is named after the folder, in letters that stacks may have."""
    folder = write(tmp_path / "my shop_2", {"template.json": template(Jobs=QUEUE)})
    project = open_project(folder, {})
    assert (project.kind, [one.name for one in project.stacks]) == ("template", ["my-shop-2"])


def test_a_template_is_a_stack_of_its_own_name(tmp_path: Path) -> None:
    """A file gives the stack its name, unless the user does."""
    folder = write(tmp_path, {"orders.yaml": "Resources:\n  Jobs:\n    Type: AWS::SQS::Queue\n"})
    assert open_project(folder / "orders.yaml", {}).stacks[0].name == "orders"
    assert open_project(folder / "orders.yaml", {}, "other").stacks[0].name == "other"


def test_what_sam_built_goes_before_its_source(tmp_path: Path) -> None:
    """`sam build` leaves a template with finished code; that one is deployed, and it is said."""
    sam = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Jobs:\n    Type: AWS::SQS::Queue\n"
    write(tmp_path, {"template.yaml": sam, ".aws-sam/build/template.yaml": sam})
    project = open_project(tmp_path, {})
    assert project.kind == "SAM"
    assert project.path == tmp_path / ".aws-sam/build/template.yaml"
    assert "sam build" in project.notes[0]


@pytest.mark.parametrize(
    ("name", "told"),
    [("cdk.json", "cdk synth"), ("serverless.yml", "osls package"), ("main.tf", "terraform apply")],
)
def test_sources_without_their_output_say_which_command_is_missing(
    tmp_path: Path, name: str, told: str
) -> None:
    """Where only a tool's sources stand, the message names the tool's command."""
    write(tmp_path, {name: "{}"})
    with pytest.raises(BadProject, match=told):
        open_project(tmp_path, {})


def test_an_empty_folder_is_no_project(tmp_path: Path) -> None:
    """The message says what was looked for."""
    with pytest.raises(BadProject, match=r"none of cdk\.out, \.serverless, stepwell\.toml"):
        open_project(tmp_path, {})
    with pytest.raises(BadProject, match="there is no"):
        open_project(tmp_path / "nothing", {})


def test_stacks_of_an_assembly_come_in_the_order_they_need(tmp_path: Path) -> None:
    """A stack comes after those it depends on, with its name, tags and place."""
    project = open_project(cdk_out(tmp_path / "cdk.out").parent, {})
    assert project.kind == "CDK"
    assert [one.name for one in project.stacks] == ["Data", "shop-app"]
    data, app = project.stacks
    assert (data.account, data.region) == ("000000000000", "us-east-1")
    assert (app.account, app.region) == (None, None)
    assert app.tags == {"team": "shop"}
    assert "Parameters" not in app.document
    assert "Rules" not in app.document


def test_one_stack_of_an_assembly(tmp_path: Path) -> None:
    """`--stack` picks one; a name that is not there is told with those that are."""
    folder = cdk_out(tmp_path / "cdk.out")
    assert [one.name for one in open_project(folder, {}, "Data").stacks] == ["Data"]
    with pytest.raises(BadProject, match="there are: Data, shop-app"):
        open_project(folder, {}, "Other")


def test_assets_of_an_assembly_go_to_our_bucket(tmp_path: Path) -> None:
    """The code's place is ours; the template itself is no asset."""
    app = open_project(cdk_out(tmp_path / "cdk.out"), {}, "shop-app").stacks[0]
    packaged = package(app, "bucket")
    [key] = packaged.uploads
    code = packaged.document["Resources"]["Worker"]["Properties"]["Code"]  # type: ignore[index,call-overload]
    assert code == {"S3Bucket": {"Fn::Sub": "bucket"}, "S3Key": key}


def test_images_are_refused(tmp_path: Path) -> None:
    """An assembly with images to build says that there are no containers here."""
    folder = cdk_out(tmp_path / "cdk.out")
    write(folder, {"App.assets.json": {"files": {}, "dockerImages": {"a": {}}}})
    with pytest.raises(BadProject, match="no containers"):
        open_project(folder, {})


def serverless(folder: Path, stamp: str) -> Path:
    """A package of the Serverless Framework, made at that time."""
    key = f"serverless/orders/dev/{stamp}/orders.zip"
    code = {"S3Bucket": {"Ref": "ServerlessDeploymentBucket"}, "S3Key": key}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": code}}
    return write(
        folder,
        {
            "cloudformation-template-update-stack.json": template(
                ServerlessDeploymentBucket={"Type": "AWS::S3::Bucket"}, Worker=function
            ),
            "serverless-state.json": {
                "service": {
                    "service": "orders",
                    "provider": {"stage": "dev", "region": "eu-west-1"},
                }
            },
            "orders.zip": "PK",
        },
    )


def test_a_serverless_package_is_the_same_again_for_the_same_code(tmp_path: Path) -> None:
    """The time of packaging, which stands in every key, does not make a change."""
    first = open_project(serverless(tmp_path / "a/.serverless", "1700-2023").parent, {})
    again = open_project(serverless(tmp_path / "b/.serverless", "1800-2024"), {})
    assert first.stacks[0].name == "orders-dev"
    assert first.stacks[0].region == "eu-west-1"
    assert package(first.stacks[0], "bucket").text == package(again.stacks[0], "bucket").text


def test_an_archive_that_is_missing_is_named(tmp_path: Path) -> None:
    """A template that names a file which is not there can't be deployed."""
    folder = serverless(tmp_path / ".serverless", "1")
    (folder / "orders.zip").unlink()
    with pytest.raises(BadProject, match=r"no orders\.zip"):
        open_project(tmp_path, {})


def test_parameters_go_to_the_stacks_that_declare_them(tmp_path: Path) -> None:
    """A parameter that no template has is refused, so that a slip does not go unseen."""
    declared = {**template(Jobs=QUEUE), "Parameters": {"Stage": {"Type": "String"}}}
    write(tmp_path, {"template.json": declared})
    assert open_project(tmp_path, {"Stage": "dev"}).stacks[0].parameters == {"Stage": "dev"}
    with pytest.raises(BadProject, match="declares the parameter Stag"):
        open_project(tmp_path, {"Stag": "dev"})


def test_a_definition_alone_is_a_machine(tmp_path: Path) -> None:
    """The file's name is the machine's and the stack's."""
    write(tmp_path, {"approve.asl.json": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}})
    [stack] = open_project(tmp_path / "approve.asl.json", {}).stacks
    assert stack.name == "approve"
    [resource] = stack.document["Resources"].values()  # type: ignore[union-attr]
    assert resource["Properties"]["StateMachineName"] == "approve"  # type: ignore[index,call-overload]


TOML = """
stack = "orders"
[machines.orders]
definition = "orders.asl.json"
substitutions = { Jobs = "queue:jobs", Worker = "function:worker", Stage = "dev" }
[functions.worker]
handler = "worker.handler"
runtime = "python3.11"
code = "functions"
queue = "jobs"
[queues.jobs]
dead_letters = "failed"
[queues.failed]
"""


def test_a_toml_file_becomes_a_template(tmp_path: Path) -> None:
    """Names stand for resources; paths are packaged as those of any template."""
    write(
        tmp_path,
        {"stepwell.toml": TOML, "orders.asl.json": {}, "functions/worker.py": HANDLER},
    )
    [stack] = open_project(tmp_path, {}).stacks
    packaged = package(stack, "bucket")
    resources: dict[str, dict[str, object]] = packaged.document["Resources"]  # type: ignore[assignment]
    machine: dict[str, object] = resources["OrdersMachine"]["Properties"]  # type: ignore[assignment]
    assert machine["DefinitionSubstitutions"] == {
        "Jobs": {"Ref": "JobsQueue"},
        "Worker": {"Fn::GetAtt": ["WorkerFunction", "Arn"]},
        "Stage": "dev",
    }
    assert machine["DefinitionS3Location"]["Bucket"] == "bucket"  # type: ignore[index]
    assert resources["WorkerFunctionTrigger"]["Type"] == "AWS::Lambda::EventSourceMapping"
    assert len(packaged.uploads) == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[machine.a]\n", r"there is no \[machine\]; there are: machines"),
        ("[machines.a]\n", "lacks definition"),
        ("[machines.a]\ndefinition = 1\n", "definition must be of type str"),
        ("[queues.a]\nsize = 1\n", "has no field size"),
        ("[queues.a]\ndelay_seconds = true\n", "must be of type int"),
        ('[queues.a]\ndead_letters = "b"\n', "names the queue b, which is not there"),
        ("stack = 1\n", "stack must be a text"),
        ("machines = 1\n", "must hold tables"),
        ("[queues.'a b']\n", "names are letters"),
        ("[", "stepwell.toml"),
        ("", "nothing to deploy"),
    ],
)
def test_slips_in_a_toml_file_are_told_with_their_place(
    tmp_path: Path, text: str, told: str
) -> None:
    """Nothing is accepted and ignored."""
    write(tmp_path, {"stepwell.toml": text})
    with pytest.raises(BadProject, match=told):
        open_project(tmp_path, {})
