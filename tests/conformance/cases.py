"""The recorded cases: which there are, which can be played, and why some don't pass."""

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
REASONS_PATH = Path(__file__).with_name("reasons.json")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some cases don't pass: what differs from their recordings, and why that is right."""

    cases: tuple[str, ...]
    differs: str
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded case, as far as choosing it needs."""

    id: str
    category: str
    requires: frozenset[str]

    @property
    def playable(self) -> bool:
        """Whether it needs no other services than the embedded ones."""
        return self.requires <= SERVICES

    @property
    def missing(self) -> tuple[str, ...]:
        """The services it needs that are not embedded."""
        return tuple(sorted(self.requires - SERVICES))


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
    )


def floor() -> list[str]:
    """The ids of the cases that must pass, as the file has them."""
    if not FLOOR_PATH.exists():
        return []
    return [line for line in FLOOR_PATH.read_text(encoding="utf-8").splitlines() if line]


def reasons() -> list[Reason]:
    """Why cases that can be played don't pass, as the file has it."""
    listed = cast("list[dict[str, object]]", values.decode(REASONS_PATH.read_bytes()))
    return [
        Reason(
            cases=tuple(cast("list[str]", each["cases"])),
            differs=str(each["differs"]),
            reason=str(each["reason"]),
        )
        for each in listed
    ]
