"""Other people's templates deployed: all that reviews let through come up, stay, and go.

The code of their functions is not here, nor the nested templates; what a template names and is
missing is made up. The packages of the Serverless Framework have a suite of their own.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepwell.cli.client import Credentials
from stepwell.cli.deploy.clients import Clients
from stepwell.cli.deploy.deploying import Options, deploy_stacks
from stepwell.cli.deploy.packaging import Packaged, package, read_document
from stepwell.cli.deploy.sources import StackSource
from stepwell.cli.deploy.stacks import Stacks
from stepwell.deploy.sections import template_of
from stepwell.deploy.survey import assumed_values, survey
from stepwell.testing.server import ServerProcess
from tests.e2e.inventory import inventory
from tests.shared import require_shared, shared_path

CORPUS = shared_path("corpus", "templates")
NAMES = ("template.yaml", "template.yml", "human-approval.yaml", "pipeline_management.yml")
FOLDERS = sorted(
    folder.name
    for folder in (CORPUS.iterdir() if CORPUS.is_dir() else [])
    if any((folder / name).is_file() for name in NAMES)
)
PATHS = ("CodeUri", "ContentUri", "Code", "Content")
EXPECTED = (
    "/landing-zone/logging/S3AccessLoggingBucket",
    "/landingzone/security-posture/platform-accounts",
)
"""Parameters that a template reads and does not make."""
SNIPPET = {
    "openapi": "3.0.1",
    "paths": {"/": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}},
}
STUB = "def handler(event, context):\n    return event\n"


@pytest.fixture(scope="module")
def clients(running_server: ServerProcess) -> Iterator[Clients]:
    """The module's server, as the command line sees it, with what templates expect to be there."""
    clients = Clients(running_server.endpoint, "us-east-1", Credentials("test", "test"))
    parameters = clients.client("ssm")
    for name in EXPECTED:
        parameters.put_parameter(Name=name, Value="a", Type="String")
    yield clients
    for name in EXPECTED:
        parameters.delete_parameter(Name=name)


def source(folder: Path, name: str) -> StackSource:
    """A copy of the template, with what it names and lacks made up."""
    path = next(folder / one for one in NAMES if (folder / one).is_file())
    document = read_document(path)
    _make_up(document, folder)
    resources: dict[str, Any] = document["Resources"]  # type: ignore[assignment]
    for resource in resources.values():
        # What stacks leave behind on purpose would be in the way of the next test.
        resource.pop("DeletionPolicy", None)
    given = {
        parameter: "somebody@example.com" if "mail" in parameter else value
        for parameter, value in assumed_values(template_of(document), {}).items()
    }
    return StackSource(name, document, folder, (path,), parameters=given)


def _make_up(value: Any, folder: Path) -> None:
    """Folders of code, and snippets of APIs, for every path that leads nowhere."""
    if isinstance(value, list):
        for item in value:
            _make_up(item, folder)
    if not isinstance(value, dict):
        return
    for name, item in value.items():
        if name in PATHS and isinstance(item, str) and not (folder / item).exists():
            _stub(folder / item)
        elif name == "Location" and isinstance(item, str) and not (folder / item).exists():
            (folder / item).parent.mkdir(parents=True, exist_ok=True)
            (folder / item).write_text(json.dumps(SNIPPET))
        elif name == "State" and item == "ENABLED":
            # A schedule would start executions, and a machine is gone when they have ended.
            value[name] = "DISABLED"
        else:
            _make_up(item, folder)


def _stub(path: Path) -> None:
    if path.suffix in (".zip", ".jar"):
        shutil.make_archive(str(path.with_suffix("")), "zip", path.parent)
        return
    path.mkdir(parents=True, exist_ok=True)
    (path / "app.py").write_text(STUB)


def _assert_refused(stacks: Stacks, clients: Clients, packaged: Packaged) -> None:
    """At once with what is missing, or when the definition of a machine is looked at."""
    try:
        [(name, made)] = deploy_stacks(stacks, clients, [packaged], Options(yes=True))
        assert made.status == "ROLLBACK_COMPLETE"
        assert any(event.type == "AWS::StepFunctions::StateMachine" for event in made.failures)
        stacks.delete(name, lambda event: None)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
    clients.forget(packaged.source.name)


@pytest.mark.skipif(not FOLDERS, reason="the corpus of templates is not there: STEPWELL_SHARED")
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_template_comes_up_stays_and_goes(folder: str, clients: Clients, tmp_path: Path) -> None:
    """What a review lets through is made; a second time nothing changes; it can be deleted. What it
    refuses is refused by the server, too."""
    copy = Path(shutil.copytree(require_shared("corpus", "templates", folder), tmp_path / "app"))
    stack = source(copy, f"app{folder[:2]}")
    packaged = package(stack, clients.bucket)
    stacks = Stacks(clients)
    found = survey(packaged.text, stack.parameters)
    if not found.deploys:
        _assert_refused(stacks, clients, packaged)
        return
    [(_, made)] = deploy_stacks(stacks, clients, [packaged], Options(yes=True))
    assert made.succeeded, made.failures
    clients.send(packaged.uploads)
    assert stacks.plan(packaged, "again") is None
    assert stacks.delete(stack.name, lambda event: None).succeeded
    clients.forget(stack.name)


def test_nothing_is_left(clients: Clients, running_server: ServerProcess) -> None:
    """After all of them the server is as empty as it was before."""
    assert inventory(running_server) == {"buses": {"default"}, "parameters": set(EXPECTED)}
