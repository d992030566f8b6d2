"""Writes the table of other people's templates: which deploy here, and what the others want.

    python tools/template_table.py FOLDER            rewrite docs/reference/templates.md
    python tools/template_table.py FOLDER --check    exit 1 when it is not what it should be

FOLDER has a folder per template, each with a META.json that names its source, and the files that
the template refers to. The services of the Serverless Framework are packaged first, by the test
that holds their table (`STEPWELL_WRITE_TABLE=1` makes it write the table instead).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from stepwell.deploy.findings import DEFINITION, FORMAT, TYPE, Finding, is_refusal
from stepwell.deploy.survey import STORED, Survey, survey
from stepwell.values import decode

TARGET = Path(__file__).parent.parent / "docs/reference/templates.md"

HEAD = """# Other people's templates

Templates with state machines from public repositories, as `stepwell doctor` sees them: each
deploys, or is refused with the complete list of what is missing. The table is written by
`python tools/template_table.py` and held to by a test. Resources are counted after the transforms
and with the parameters' defaults.

A definition that needs a service which is not here still deploys when
[another one is set for it](../guides/other-services.md).

{summary}

| template | resources | without effect | deploys | missing |
|---|---|---|---|---|
"""

SERVICES = "\n## Services of the Serverless Framework\n"
SERVICES_HEAD = """
Packaged by osls 3 with `serverless-step-functions`, then looked at in the same way. A line
`frameworkVersion` is taken out first, and plugins that only bundle libraries do nothing.

{summary}

| service | resources | without effect | deploys | missing |
|---|---|---|---|---|
"""


def main(arguments: list[str]) -> int:
    """Write the table, or compare it."""
    folder = Path(arguments[0])
    text = page(folder)
    if "--check" in arguments:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    return 0


def templates(folder: Path) -> list[Path]:
    """The template of each folder that has one of CloudFormation's or SAM's."""
    found = [*folder.glob("*/*.yaml"), *folder.glob("*/*.yml")]
    return sorted(path for path in found if path.name != "serverless.yml")


def surveyed(path: Path) -> Survey:
    """The survey of a template with the files beside it."""

    def read_file(name: str) -> str | None:
        beside = path.parent / name
        return beside.read_text(encoding="utf-8") if beside.is_file() else None

    return survey(path.read_text(encoding="utf-8"), read_file=read_file)


def page(folder: Path) -> str:
    """The whole page."""
    seen = [(_source(path), surveyed(path)) for path in templates(folder)]
    deploying = sum(one.deploys for _, one in seen)
    summary = f"Of {len(seen)} templates {deploying} deploy."
    rows = "".join(_row(source, one) for source, one in seen)
    return HEAD.format(summary=summary) + rows + services_now()


def services_now() -> str:
    """The part of the page about services of the Serverless Framework, as it stands."""
    _, mark, rest = TARGET.read_text(encoding="utf-8").partition(SERVICES)
    return mark + rest


def services_page(packaged: Mapping[Path, Path]) -> str:
    """That part as it must be: each service's folder, with the template that it became."""
    seen = [(_source(folder / "x"), surveyed(path)) for folder, path in packaged.items()]
    deploying = sum(one.deploys for _, one in seen)
    summary = f"Of {len(seen)} services {deploying} deploy."
    rows = "".join(_row(source, one) for source, one in seen)
    return SERVICES + SERVICES_HEAD.format(summary=summary) + rows


def _source(path: Path) -> str:
    meta = decode((path.parent / "META.json").read_bytes())
    assert isinstance(meta, dict)
    repository, _, place = str(meta["source"]).partition(" ")
    return f"{repository} `{place}`"


def _row(source: str, seen: Survey) -> str:
    stored = sum(made.verdict == STORED for made in seen.resources)
    missing = [f"`{name}`" for name in seen.missing_types]
    missing += dict.fromkeys(_told(found) for found in seen.findings if _is_told(found))
    deploys = "yes" if seen.deploys else "no"
    listed = ", ".join(missing)
    return f"| {source} | {len(seen.resources)} | {stored} | {deploys} | {listed} |\n"


def _is_told(finding: Finding) -> bool:
    return finding.category == FORMAT or (is_refusal(finding) and finding.category != TYPE)


def _told(finding: Finding) -> str:
    message = finding.message
    if finding.category == DEFINITION and "the resource " in message:
        return f"`{message.partition('the resource ')[2].partition(' ')[0].rsplit(':::')[-1]}`"
    return message.replace("|", "\\|")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
