"""The example apps of the CDK become templates, in both languages the same ones."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.tools import CDK_TYPESCRIPT, app_copy, cdk, need, node

APPS = ("cdk_typescript", "cdk_python")
STACKS = ("Messages", "Buffered")
FUNCTIONS = ("cdk_state_machine", "sqs_buffered")
COMPILER_SECONDS_MAX = 120


def templates(app: str, home: Path) -> dict[str, Any]:
    """The templates that an app makes, without remarks on where each resource comes from."""
    folder = app_copy(home / app, app, *FUNCTIONS)
    cdk(folder, home).run("synth", "--quiet", "--no-path-metadata")
    made = {name: (folder / "cdk.out" / f"{name}.template.json").read_text() for name in STACKS}
    return {name: json.loads(text) for name, text in made.items()}


@pytest.mark.timeout(300)
def test_both_languages_make_the_same_templates(tmp_path: Path) -> None:
    """The TypeScript and the Python app are one app: resource by resource."""
    typescript, python = (templates(app, tmp_path) for app in APPS)
    for name in STACKS:
        assert typescript[name]["Resources"] == python[name]["Resources"]
        assert typescript[name]["Outputs"] == python[name]["Outputs"]
    machine = next(
        resource["Properties"]["DefinitionString"]
        for resource in typescript["Buffered"]["Resources"].values()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    )
    assert "states:::sqs:sendMessage.waitForTaskToken" in json.dumps(machine)


@pytest.mark.timeout(180)
def test_the_typescript_app_has_sound_types() -> None:
    """TypeScript's own compiler has nothing to say, at its strictest."""
    compiler = need(CDK_TYPESCRIPT / "node_modules" / "typescript" / "bin" / "tsc", "TypeScript")
    done = subprocess.run(
        [node(), str(compiler), "--noEmit"],
        cwd=CDK_TYPESCRIPT,
        capture_output=True,
        text=True,
        timeout=COMPILER_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stdout
