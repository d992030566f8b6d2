"""What of a project runs here, has no effect, or is refused: said beforehand, without a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from stepwell.cli.deploy.clients import OFFLINE_ACCOUNT, bucket_name
from stepwell.cli.deploy.packaging import package
from stepwell.cli.deploy.projects import open_project
from stepwell.cli.deploy.sources import BadProject, StackSource
from stepwell.cli.tables import print_json
from stepwell.deploy.findings import FORMAT, REFUSED, Finding
from stepwell.deploy.survey import REFUSED_HERE, RUNS, STORED, Survey, survey
from stepwell.values import JsonObject, encode_text

FILE_BYTES_MAX = 8_000_000
_SUMMED = {RUNS: "run here", STORED: "stored without effect", REFUSED_HERE: "refused"}
_COLORS = {RUNS: "green", STORED: "yellow", REFUSED_HERE: "red"}


@dataclass(frozen=True, slots=True)
class Examined:
    """A stack and what was found."""

    stack: str
    kind: str
    found: Survey

    @property
    def is_refused(self) -> bool:
        """Whether it could not be deployed."""
        return not self.found.deploys


def examine(
    path: str, stack: str | None, parameters: Mapping[str, str], region: str
) -> list[Examined]:
    """Look at every stack of a project. Raises BadProject."""
    project = open_project(Path(path), parameters, stack)
    return [Examined(one.name, project.kind, _survey(one, region)) for one in project.stacks]


def _survey(source: StackSource, region: str) -> Survey:
    found = _surveyed(source, region)
    account = source.account or OFFLINE_ACCOUNT
    try:
        package(source, bucket_name(account, region), reads=False)
    except BadProject as missing:
        # The deployment would not even begin.
        return replace(found, findings=(Finding(FORMAT, str(missing)), *found.findings))
    return found


def _surveyed(source: StackSource, region: str) -> Survey:
    return survey(
        encode_text(source.document),
        source.parameters,
        read_file=_reader(source.folder),
        account=source.account or OFFLINE_ACCOUNT,
        region=source.region or region,
        stack_name=source.name,
    )


def _reader(folder: Path) -> Callable[[str], str | None]:
    """Reads what stands beside a template."""

    def read(path: str) -> str | None:
        try:
            with (folder / path).open("rb") as file:
                data = file.read(FILE_BYTES_MAX + 1)
            return None if len(data) > FILE_BYTES_MAX else data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return None

    return read


def print_examined(examined: list[Examined], *, as_json: bool) -> None:
    """A table per stack, then what was found; or one JSON document."""
    if as_json:
        print_json({"stacks": [_json(one) for one in examined]})
        return
    for one in examined:
        _print_text(one)


def _print_text(one: Examined) -> None:
    counts = Counter(resource.verdict for resource in one.found.resources)
    told = [f"{counts[verdict]} {_SUMMED[verdict]}" for verdict in _COLORS if counts[verdict]]
    click.secho(f"stack {one.stack}: {', '.join(told) or 'cannot be read'}", bold=True)
    width = max((len(resource.logical_id) for resource in one.found.resources), default=0)
    for resource in sorted(one.found.resources, key=lambda one: list(_COLORS).index(one.verdict)):
        line = f"  {resource.verdict:21} {resource.logical_id:{width}}  {resource.type}"
        click.secho(line, fg=_COLORS[resource.verdict])
    for findings in _alike(one.found.findings):
        is_refusal = findings[0].severity == REFUSED
        line = f"{'refused' if is_refusal else 'note'}: {_told(findings)}"
        click.secho(line, fg="red" if is_refusal else None)
    if not one.is_refused:
        click.secho("It can be deployed: `stepwell deploy` does it.", fg="green")


def _alike(found: Sequence[Finding]) -> list[list[Finding]]:
    """The findings that say the same of several resources, together; refusals before notes."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.severity, finding.message), []).append(finding)
    return sorted(groups.values(), key=lambda group: group[0].severity != REFUSED)


def _told(findings: Sequence[Finding]) -> str:
    first, others = findings[0], len(findings) - 1
    place = first.pointer or first.logical_id
    if place and others:
        place += f" and {others} more"
    hint = f" ({first.hint})" if first.hint else ""
    return f"{place}: {first.message}{hint}" if place else f"{first.message}{hint}"


def _json(one: Examined) -> JsonObject:
    return {
        "stack": one.stack,
        "deploys": one.found.deploys,
        "resources": [
            {"logicalId": made.logical_id, "type": made.type, "verdict": made.verdict}
            for made in one.found.resources
        ],
        "findings": [
            {
                "severity": finding.severity,
                "category": finding.category,
                "logicalId": finding.logical_id,
                "pointer": finding.pointer,
                "message": finding.message,
                "hint": finding.hint,
            }
            for finding in one.found.findings
        ],
    }
