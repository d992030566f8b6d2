"""What exists is documented, and what is documented exists."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.house.documents import broken_links, headings, markdown, sections
from tests.house.tree import modules, product
from tests.shared import ROOT
from tools import sdk_actions

if TYPE_CHECKING:
    import click

SETTING = re.compile(r"\bSTEPWELL_[A-Z][A-Z_]*[A-Z]\b")
PREFIXED = re.compile(r"\{prefix\}(_[A-Z][A-Z_]*[A-Z])\b")
DOCS = ROOT / "docs"


def read(*parts: str) -> str:
    """The text of a document."""
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def make_targets() -> list[str]:
    """The targets of the Makefile that carry words for `make help`."""
    return re.findall(r"^([a-z][a-z-]*):.*##", read("Makefile"), re.MULTILINE)


def commands() -> dict[str, click.Command]:
    """Every verb of the command line by its full name; skips when there is none yet."""
    if importlib.util.find_spec("stepwell.cli.main") is None:
        pytest.skip("the command line is not there yet")
    import click

    root = importlib.import_module("stepwell.cli.main").main
    if not isinstance(root, click.Group):
        pytest.skip("stepwell.cli.main.main is no click group")
    return dict(_walk("stepwell", root))


def _walk(name: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    import click

    for verb, command in group.commands.items():
        if command.hidden:
            continue
        full = f"{name} {verb}"
        if isinstance(command, click.Group):
            yield from _walk(full, command)
        else:
            yield full, command


OPERATION_TITLES = {
    "stepfunctions": "Step Functions",
    "apigateway": "API Gateway (REST APIs)",
    "apigatewayv2": "API Gateway (HTTP APIs)",
    "cloudformation": "CloudFormation",
    "logs": "CloudWatch Logs",
    "dynamodb": "DynamoDB",
    "dynamodbstreams": "DynamoDB Streams",
    "ecr": "ECR",
    "events": "EventBridge",
    "pipes": "EventBridge Pipes",
    "scheduler": "EventBridge Scheduler",
    "iam": "IAM",
    "lambda": "Lambda",
    "s3": "S3",
    "secretsmanager": "Secrets Manager",
    "sns": "SNS",
    "sqs": "SQS",
    "ssm": "SSM",
    "sts": "STS",
}
"""In the order in which the reference has them: Step Functions, then by name."""


def operations(model: str) -> set[str]:
    """The operations of a service model."""
    path = ROOT / "src" / "stepwell" / "models" / "data" / f"{model}.json"
    return set(json.loads(path.read_text(encoding="utf-8"))["operations"])


@functools.cache
def offered() -> dict[str, set[str]]:
    """The operations that each service carries out."""
    return sdk_actions.offered()


@pytest.mark.parametrize("model", OPERATION_TITLES)
def test_every_operation_is_listed(model: str) -> None:
    """docs/reference/api.md lists what a service answers, and what its model has besides."""
    told = sections(read("docs", "reference", "api.md"))
    title = OPERATION_TITLES[model]
    listed = set(re.findall(r"^\| `(\w+)`", told[title], re.MULTILINE))
    missing = set(re.findall(r"`(\w+)`", told.get(f"{title}: not here", "")))
    assert listed == offered()[model]
    assert missing == operations(model) - offered()[model]


def test_every_service_has_its_section_in_order() -> None:
    """docs/reference/api.md has one section for each service of the server, in a fixed order."""
    told = [h for h in headings(read("docs", "reference", "api.md"))[1:] if ": not here" not in h]
    assert told == list(OPERATION_TITLES.values())
    assert set(OPERATION_TITLES) == set(offered())


def test_the_front_page_leads_to_every_guide() -> None:
    """README.md links each page of docs/guides."""
    text = read("README.md")
    guides = sorted(path.name for path in (DOCS / "guides").glob("*.md"))
    assert [name for name in guides if f"(docs/guides/{name})" not in text] == []


def test_every_make_target_is_explained() -> None:
    """CONTRIBUTING.md names every target."""
    text = read("CONTRIBUTING.md")
    assert make_targets()
    assert [name for name in make_targets() if f"`make {name}`" not in text] == []


def test_no_document_names_a_target_that_is_not_there() -> None:
    """`make something` in any document is a target."""
    known = set(make_targets())
    named = {
        name
        for path in markdown()
        for name in re.findall(r"`make ([a-z][a-z-]*)", path.read_text(encoding="utf-8"))
    }
    assert named - known == set()


def test_every_verb_has_a_heading() -> None:
    """docs/reference/cli.md has a heading for every verb and for nothing else."""
    documented = {
        h for h in headings(read("docs", "reference", "cli.md")) if h.startswith("stepwell ")
    }
    assert documented == set(commands())


def test_every_option_is_explained_below_its_verb() -> None:
    """Each option of a verb stands in the verb's section."""
    told = sections(read("docs", "reference", "cli.md"))
    missing = [
        f"{name} {option}"
        for name, command in commands().items()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--") and option not in told.get(name, "")
    ]
    assert missing == []


def test_every_setting_is_explained() -> None:
    """Each STEPWELL_ variable the product reads has a heading; each heading is one it reads.

    A name may also be put together from a prefix and its rest: `f"{prefix}_ACCESS_KEY_ID"`.
    """
    read_by_product = {name for m in product() for name in SETTING.findall(m.text)}
    put_together = {f"STEPWELL{rest}" for m in product() for rest in PREFIXED.findall(m.text)}
    told = "\n".join(headings(read("docs", "reference", "settings.md")))
    documented = set(SETTING.findall(told))
    assert documented == read_by_product | put_together


def test_every_setting_of_tests_is_explained() -> None:
    """CONTRIBUTING.md names the variables that only tests and the bench read."""
    text = read("CONTRIBUTING.md")
    named = {
        name
        for m in modules()
        if m.name.startswith(("tests.", "bench.")) and not m.name.startswith("tests.house")
        for name in SETTING.findall(m.text)
    } - {name for m in product() for name in SETTING.findall(m.text)}
    assert [name for name in sorted(named) if name not in text] == []


@pytest.mark.parametrize("path", markdown(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link of a document leads to a file and heading that are there."""
    assert list(broken_links(path)) == []


def test_decisions_say_what_when_and_why() -> None:
    """Every decision record has its date, context, choice and consequences."""
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert records
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE), record.name
        assert {"Context", "Choice", "Consequences"} <= set(headings(text)), record.name


def test_changelog_fragments_have_a_kind() -> None:
    """A changelog fragment is named for what it is, as changelog/README.md says."""
    fragments = [p for p in (ROOT / "changelog").glob("*.md") if p.name != "README.md"]
    kinds = re.compile(r"[a-z0-9-]+\.(?:added|changed|fixed|removed|security)\.md")
    assert [p.name for p in fragments if not kinds.fullmatch(p.name)] == []
