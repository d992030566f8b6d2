"""Which tool a project was made with, and its stacks.

cdk.out/                     what `cdk synth` wrote
.serverless/                 what `osls package` (or `serverless package`) wrote
template.yaml, *.json, ...   CloudFormation or SAM; `.aws-sam/build/` before its source
stepwell.toml                definitions and functions, without any other tool
*.asl.json, *.asl.yaml       one definition, nothing else
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from stepwell.cli.deploy.asl_project import read_asl_file, read_toml
from stepwell.cli.deploy.cdk_out import read_cdk_out
from stepwell.cli.deploy.packaging import read_document
from stepwell.cli.deploy.serverless_package import read_serverless
from stepwell.cli.deploy.sources import BadProject, Project, StackSource

TEMPLATE_NAMES = (
    "template.yaml",
    "template.yml",
    "template.json",
    "cloudformation.yaml",
    "cloudformation.yml",
    "cloudformation.json",
)

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9-]+")


def open_project(path: Path, parameters: Mapping[str, str], stack: str | None = None) -> Project:
    """The project in that folder or file. Raises BadProject.

    `parameters` are given to every stack that declares them; `stack` names the stack of a project
    that has one, and picks from one that has several.
    """
    path = path.resolve()
    if not path.exists():
        raise BadProject(f"there is no {path}")
    project = _open_folder(path, stack) if path.is_dir() else _open_file(path, stack)
    picked = _picked(project, stack)
    unknown = [
        name
        for name in parameters
        if not any(name in _declared(source) for source in picked.stacks)
    ]
    if unknown:
        raise BadProject(f"no template declares the parameter {', '.join(unknown)}")
    stacks = tuple(_with_parameters(source, parameters) for source in picked.stacks)
    return replace(picked, stacks=stacks)


def _open_folder(folder: Path, stack: str | None) -> Project:
    found: tuple[tuple[Path, Callable[[Path, str | None], Project]], ...] = (
        (folder / "manifest.json", lambda path, _: read_cdk_out(path.parent)),
        (folder / "serverless-state.json", lambda path, _: read_serverless(path.parent)),
        (folder / "stepwell.toml", read_toml),
        (folder / "cdk.out" / "manifest.json", lambda path, _: read_cdk_out(path.parent)),
        (
            folder / ".serverless" / "serverless-state.json",
            lambda path, _: read_serverless(path.parent),
        ),
        (folder / ".aws-sam" / "build" / "template.yaml", _built),
        *((folder / name, _template) for name in TEMPLATE_NAMES),
    )
    for path, opened in found:
        if path.is_file():
            return opened(path, stack)
    raise BadProject(_nothing_found(folder))


def _nothing_found(folder: Path) -> str:
    """What to do first, where a tool's sources stand without what it makes of them."""
    if (folder / "cdk.json").is_file():
        return f"{folder} is a CDK app that was not synthesized yet: run `cdk synth` first"
    if any((folder / f"serverless.{ending}").is_file() for ending in ("yml", "yaml", "ts", "js")):
        return f"{folder} is a Serverless project that was not packaged yet: run `osls package`"
    if next(folder.glob("*.tf"), None) is not None:
        return f"{folder} is a Terraform project: `terraform apply` deploys it (see the guide)"
    return (
        f"{folder} holds no project: none of cdk.out, .serverless, stepwell.toml, "
        f"{', '.join(TEMPLATE_NAMES[:3])} is there"
    )


def _open_file(path: Path, stack: str | None) -> Project:
    name = path.name
    if name == "stepwell.toml":
        return read_toml(path, stack)
    if name == "manifest.json":
        return read_cdk_out(path.parent)
    if name == "serverless-state.json":
        return read_serverless(path.parent)
    if name.split(".", 1)[-1] in ("asl.json", "asl.yaml", "asl.yml", "asl"):
        return read_asl_file(path, stack)
    return _template(path, stack)


def _template(path: Path, stack: str | None) -> Project:
    document = read_document(path)
    name = stack or stack_name(path.parent.name if path.stem == "template" else path.stem)
    kind = "SAM" if "AWS::Serverless-2016-10-31" in str(document.get("Transform")) else "template"
    source = StackSource(name, document, path.parent, read=(path,))
    return Project(kind, path, (source,))


def _built(path: Path, stack: str | None) -> Project:
    """What `sam build` made of the template beside it."""
    folder = path.parent.parent.parent
    document = read_document(path)
    source = StackSource(stack or stack_name(folder.name), document, path.parent, read=(path,))
    notes = [f"{path.relative_to(folder)} is deployed; `sam build` renews it."]
    newer = [folder / name for name in TEMPLATE_NAMES if (folder / name).is_file()]
    if any(one.stat().st_mtime > path.stat().st_mtime for one in newer):
        notes.append("The template is newer than what was built of it.")
    return Project("SAM", path, (source,), tuple(notes))


def stack_name(text: str) -> str:
    """A stack's name made of a folder's or a file's."""
    name = _NOT_IN_NAMES.sub("-", text).strip("-")
    if not name[:1].isalpha():
        name = f"stack-{name}".rstrip("-")
    return name[:128]


def _picked(project: Project, stack: str | None) -> Project:
    if stack is None or len(project.stacks) <= 1:
        return project
    picked = tuple(source for source in project.stacks if source.name == stack)
    if not picked:
        names = ", ".join(source.name for source in project.stacks)
        raise BadProject(f"there is no stack {stack} in {project.path}; there are: {names}")
    return replace(project, stacks=picked)


def _declared(source: StackSource) -> Mapping[str, object]:
    declared = source.document.get("Parameters")
    return declared if isinstance(declared, dict) else {}


def _with_parameters(source: StackSource, given: Mapping[str, str]) -> StackSource:
    declared = _declared(source)
    mine = {name: value for name, value in given.items() if name in declared}
    return replace(source, parameters={**source.parameters, **mine})
