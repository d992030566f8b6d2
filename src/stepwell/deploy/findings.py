"""What a review finds in a template, and how the service refuses it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stepwell.deploy.refusals import format_error, refused
from stepwell.errors import ServiceError

REFUSED = "REFUSED"
"""Nothing is created while this is there."""
WARNING = "WARNING"
"""It is worth knowing, and stops nothing."""

FORMAT = "format"
"""The template as a whole: its text, sections, limits, transforms."""
TYPE = "type"
"""A resource type that this server does not have."""
PROPERTY = "property"
"""A property that a type lacks, wants or can't honour; or one without effect."""
REFERENCE = "reference"
"""A name that leads nowhere, a circle of references, a function that can't be evaluated."""
PARAMETER = "parameter"
"""A parameter without a value, or with one that it may not have."""
RULE = "rule"
"""A rule of the section `Rules` that the parameters break."""
DEFINITION = "definition"
"""Something in the definition of a state machine."""
RUNTIME = "runtime"
"""A function that this server can't run."""

FINDINGS_MAX = 1_000
TEXT_CHARACTERS_MAX = 20_000
"""What a refusal tells; the rest of a long list is counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `pointer` is a JSON pointer into the template as it was reviewed."""

    category: str
    message: str
    logical_id: str = ""
    pointer: str = ""
    severity: str = REFUSED
    hint: str = ""
    subject: str = ""
    """What it is about where several are told together: the resource type's name."""


def is_refusal(finding: Finding) -> bool:
    """Whether nothing may be created while this is there."""
    return finding.severity == REFUSED


def refusal(findings: Iterable[Finding]) -> ServiceError | None:
    """The error with all that is refused, None when nothing is. Unknown types come first, in AWS's
    sentence; then each other finding with its place."""
    found = [finding for finding in findings if is_refusal(finding)]
    if not found:
        return None
    types = sorted({finding.subject for finding in found if finding.category == TYPE})
    others = [finding for finding in found if finding.category != TYPE]
    if len(found) == 1 and not types and not others[0].pointer:
        return refused(others[0].message)
    sentences = _told(others)
    if types:
        first = f"Unrecognized resource types: [{', '.join(types)}]"
        return format_error(". ".join([first, *sentences])[:TEXT_CHARACTERS_MAX])
    return refused(". ".join(sentences)[:TEXT_CHARACTERS_MAX])


def _told(findings: Sequence[Finding]) -> list[str]:
    """A sentence of AWS's own says which place it means, and stands as it is, once."""
    told = (
        finding.message.rstrip(".")
        if finding.message.startswith("Template ")
        else sentence(finding)
        for finding in findings
    )
    return [*dict.fromkeys(told)]


def sentence(finding: Finding) -> str:
    """The finding with its place and its hint, in one line."""
    place = f"[{finding.pointer}] " if finding.pointer else ""
    hint = f" ({finding.hint})" if finding.hint else ""
    return f"{place}{finding.message.rstrip('.')}{hint}"


def pointer(*parts: object) -> str:
    """The JSON pointer of a place."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
