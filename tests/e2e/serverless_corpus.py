"""Services that people wrote for the Serverless Framework, packaged as they would package them.

What the framework needs beside a service's own `serverless.yml` is made up: handler files with
nothing in them, and plugins that only bundle libraries or run a service at home, with no effect.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.tools import SERVERLESS, osls
from tests.shared import shared_path

CORPUS = shared_path("corpus", "templates")
BUNDLERS = ("serverless-offline", "serverless-python-requirements", "serverless-ruby-layer")
_ENDINGS = {"python": ".py", "nodejs": ".js", "ruby": ".rb"}
_FRAMEWORK_VERSION = re.compile(r"^frameworkVersion:.*\n", re.MULTILINE)


def services() -> list[Path]:
    """The folders of the corpus that hold a service; none where there is no corpus."""
    return sorted(path.parent for path in CORPUS.glob("*/serverless.yml"))


def packaged(service: Path, home: Path) -> Path:
    """The folder `.serverless` of a service, with its template and its archives."""
    folder = home / service.name
    folder.mkdir(parents=True)
    text = (service / "serverless.yml").read_text(encoding="utf-8")
    # Some name a version of the framework from before the open one.
    (folder / "serverless.yml").write_text(_FRAMEWORK_VERSION.sub("", text), encoding="utf-8")
    _write_handlers(folder, yaml.load(text, _Loose))
    _write_plugins(home)
    osls(3, folder, home).run("package", "--stage", "dev")
    return folder / ".serverless"


def template(package: Path) -> Path:
    """The template that deploys a packaged service."""
    return package / "cloudformation-template-update-stack.json"


def _write_handlers(folder: Path, service: Any) -> None:
    family = re.match("[a-z]+", service["provider"]["runtime"])
    for function in service.get("functions", {}).values():
        module = function["handler"].rpartition(".")[0]
        path = folder / (module + _ENDINGS[family[0] if family else "python"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def _write_plugins(home: Path) -> None:
    """Everything that is installed, and a plugin without effect for each bundler.

    It stands above the service, where Node looks too and the framework does not pack it.
    """
    home = home / "node_modules"
    if home.exists():
        return
    home.mkdir()
    for package in (SERVERLESS / "node_modules").iterdir():
        (home / package.name).symlink_to(package)
    for name in BUNDLERS:
        (home / name).mkdir()
        (home / name / "index.js").write_text("module.exports = class {};\n", encoding="utf-8")


def _under_a_tag(loader: Any, suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    return loader.construct_mapping(node) if isinstance(node, yaml.MappingNode) else None


_Loose: Any = type("_Loose", (yaml.SafeLoader,), {})
"""Reads short forms of intrinsic functions as what they are applied to."""
_Loose.add_multi_constructor("!", _under_a_tag)
