"""The recorded cases: which there are, which can be played, and why the others can not yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from stepwell import values
from tests.shared import shared_path

SERVICES = frozenset(
    {"dynamodb", "events", "lambda", "logs", "s3", "secretsmanager", "sns", "sqs", "states"}
)
"""What the server embeds: cases that touch more are not played."""

FLOOR_PATH = Path(__file__).with_name("passing.txt")
NOT_YET_PATH = Path(__file__).with_name("not_yet.md")

FEATURE_WORDS = {
    "map": "Map",
    "distributed_map": "Map, distributed",
    "test_state": "TestState",
    "express": "Express",
    "aws_sdk": "aws-sdk integrations",
    "two_accounts": "two accounts",
}
"""Features of a case that can be why it does not pass, in the order in which they are named."""

CATEGORY_WORDS = {
    "api_aliasing": "aliases",
    "api_versioning": "versions",
    "api_variable_references": "ValidateStateMachineDefinition",
    "api_validation": "ValidateStateMachineDefinition",
    "api_map_run": "Map Runs",
    "api_logs": "logging configuration",
    "api_express": "Express",
    "test_state": "TestState",
    "credentials": "Credentials",
}
"""What a category of cases is about as a whole, when no feature says it."""

OUTDATED = {
    "v2/callback/test_callback.py::TestCallback::test_start_execution_sync2": (
        "v2/local_mocking/test_base_callbacks.py::TestBaseScenarios::"
        "test_sfn_start_execution_sync[SFN_SYNC2]"
    ),
}
"""Recordings that contradict a later one: AWS answers otherwise today, and the later one counts."""


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded case, as far as choosing it needs."""

    id: str
    category: str
    requires: frozenset[str]
    features: frozenset[str]

    @property
    def playable(self) -> bool:
        """Whether it needs no other services than the embedded ones."""
        return self.requires <= SERVICES

    @property
    def reason(self) -> str:
        """The class of reasons for which it may not pass yet."""
        if self.id in OUTDATED:
            return "AWS answers otherwise since"
        if missing := sorted(self.requires - SERVICES):
            return "needs " + ", ".join(missing)
        for feature, words in FEATURE_WORDS.items():
            if feature in self.features:
                return words
        return CATEGORY_WORDS.get(self.category, "differs")


def runner() -> Path:
    """The program that plays cases."""
    return shared_path("conformance", "run")


def folder() -> Path:
    """Where the cases are."""
    return shared_path("conformance", "cases", "open")


def load() -> list[Case]:
    """Every recorded case, in the order of ids."""
    found = [_read(path) for path in folder().rglob("*.json")]
    return sorted(found, key=lambda case: case.id)


def _read(path: Path) -> Case:
    document = cast("dict[str, object]", values.decode(path.read_bytes()))
    return Case(
        id=str(document["id"]),
        category=str(document["category"]),
        requires=frozenset(cast("list[str]", document["requires"])),
        features=frozenset(cast("list[str]", document["features"])),
    )


def floor() -> list[str]:
    """The ids of the cases that must pass, as the file has them."""
    if not FLOOR_PATH.exists():
        return []
    return [line for line in FLOOR_PATH.read_text(encoding="utf-8").splitlines() if line]
