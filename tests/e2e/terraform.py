"""Terraform and its AWS provider for tests: where they are, and how a command is run.

Rules: no registry is needed. The provider comes from a folder of this machine (a filesystem
mirror): the one that STEPWELL_TERRAFORM_PLUGINS names, one that Terraform itself would look into,
or one in the usual places. Without any, `terraform init` may ask its registry, for a short time. A
test that cannot have the provider is skipped with a sentence.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest

SETTING = "STEPWELL_TERRAFORM_PLUGINS"
REGISTRY = "registry.terraform.io"
PROVIDER = Path(REGISTRY) / "hashicorp" / "aws"
COMMAND_SECONDS_MAX = 240
ASKING_SECONDS_MAX = 20
AT_ONCE = 10
"""What Terraform does at the same time: mostly it waits between two looks, so more costs no CPU."""


class CommandFailed(AssertionError):
    """A command of Terraform ended badly; the message is what it printed."""


@dataclass(frozen=True)
class Terraform:
    """Terraform in one folder of configuration, against one endpoint."""

    folder: Path
    endpoint: str
    environment: Mapping[str, str] = field(default_factory=dict)
    """What is set besides."""

    def init(self, *options: str) -> None:
        """`terraform init`, from a mirror of this machine or, shortly, from the registry."""
        mirror = find_mirror()
        configuration = self.folder / "terraform.rc"
        configuration.write_text("" if mirror is None else _only(mirror), encoding="utf-8")
        try:
            seconds = COMMAND_SECONDS_MAX if mirror else ASKING_SECONDS_MAX
            done = self._run(["init", "-no-color", "-input=false", *options], seconds)
        except subprocess.TimeoutExpired:
            _missing("the registry did not answer")
        if done.returncode != 0 and mirror is None:
            _missing(done.stdout.strip().splitlines()[-1])
        _check(done, {0})

    def apply(self, *options: str) -> str:
        """`terraform apply`; what it printed."""
        return self._changing("apply", *options)

    def destroy(self, *options: str) -> str:
        """`terraform destroy`; what it printed."""
        return self._changing("destroy", *options)

    def changes(self, *options: str) -> str:
        """What `terraform plan` would change, as text; nothing if nothing."""
        given = ["-no-color", "-input=false", "-lock=false", "-detailed-exitcode", *options]
        done = _check(self._run(["plan", f"-parallelism={AT_ONCE}", *given]), {0, 2})
        return done.stdout if done.returncode == 2 else ""

    def outputs(self) -> dict[str, Any]:
        """The outputs' values."""
        shown = json.loads(self.run("output", "-json"))
        return {name: output["value"] for name, output in shown.items()}

    def run(self, *command: str) -> str:
        """Any other command; what it printed. Raises CommandFailed."""
        return _check(self._run(list(command)), {0}).stdout

    def _changing(self, command: str, *options: str) -> str:
        given = ["-no-color", "-input=false", "-auto-approve", f"-parallelism={AT_ONCE}", *options]
        return self.run(command, *given)

    def _run(
        self, command: list[str], seconds: float = COMMAND_SECONDS_MAX
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [find_program(), *command],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's own AWS account or Terraform settings."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
        return kept | {
            "TF_CLI_CONFIG_FILE": str(self.folder / "terraform.rc"),
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_endpoint": self.endpoint,
            "CHECKPOINT_DISABLE": "1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            **self.environment,
        }


@cache
def find_program() -> str:
    """Terraform's program."""
    found = shutil.which("terraform")
    if found is None:
        _missing("the program terraform is not on the PATH")
    return found


@cache
def find_mirror() -> Path | None:
    """The first folder of this machine that has the provider."""
    return next((folder for folder in _folders() if (folder / PROVIDER).is_dir()), None)


def _folders() -> Iterator[Path]:
    """Where providers may be, in the order in which they count."""
    if SETTING in os.environ:
        yield Path(os.environ[SETTING])
        return
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    yield Path.home() / ".terraform.d" / "plugins"
    for folder in (data, *shared.split(":")):
        yield Path(folder) / "terraform" / "plugins"
    for above in ("/opt", "/usr/local/share", "/usr/share"):
        yield from (found.parent for found in sorted(Path(above).glob(f"*/{REGISTRY}")))


def _only(mirror: Path) -> str:
    """Terraform's own settings: providers come from that folder and from nowhere else."""
    return f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'


def _missing(why: str) -> NoReturn:
    sentence = (
        f"Terraform 1.5 or newer with the provider hashicorp/aws is needed ({why}): put terraform "
        f"on the PATH and let {SETTING} name a folder with {PROVIDER.as_posix()}/VERSION/..."
    )
    # No registry of packages has it, so that it can't be fetched, in CI either.
    pytest.skip(sentence)


def _check(
    done: subprocess.CompletedProcess[str], allowed: set[int]
) -> subprocess.CompletedProcess[str]:
    if done.returncode not in allowed:
        raise CommandFailed(done.stdout)
    return done
