"""Nearly every resource that the provider has for the embedded services, with most arguments.

Left out are those after whose making or changing the provider waits for a minute.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from stepwell.testing.server import ServerProcess
from tests.e2e.terraform import Terraform
from tests.e2e.terraform_apps import everything_left, pack_functions

pytestmark = pytest.mark.timeout(300)
"""Most of it is the provider waiting until what is there already settles."""

SOURCE = Path(__file__).parent / "terraform_wide"
ANOTHER = "-var=round=two"


@pytest.fixture(scope="module")
def resources(running_server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """All of them, made."""
    folder = tmp_path_factory.mktemp("wide")
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
    pack_functions(folder / "build")
    terraform = Terraform(folder, running_server.endpoint)
    terraform.init()
    terraform.apply()
    return terraform


def test_every_argument_is_read_back(resources: Terraform) -> None:
    """After all was made a plan is empty."""
    assert resources.changes() == ""


def test_nearly_everything_is_changed_in_place(resources: Terraform) -> None:
    """Another round gives other values to what can be changed; hardly anything is made anew."""
    printed = resources.apply(ANOTHER)
    counts = re.search(r"(\d+) added, (\d+) changed, (\d+) destroyed", printed)
    assert counts is not None
    added, changed, destroyed = map(int, counts.groups())
    assert changed > 90
    assert added == destroyed < 10


def test_every_change_is_read_back(resources: Terraform) -> None:
    """After the other round a plan is empty again."""
    assert resources.changes(ANOTHER) == ""


def test_nothing_is_left_after_destroy(resources: Terraform, running_server: ServerProcess) -> None:
    """Every service lists nothing but what functions wrote, and what is AWS's own."""
    resources.destroy(ANOTHER)
    left = everything_left(running_server)
    assert {group["logGroupName"] for group in left.pop("log groups", [])} == {
        "/aws/lambda/wide-echo"
    }
    assert left == {}
