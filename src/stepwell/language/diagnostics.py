"""Findings about a definition, and how they are shown.

A finding keeps AWS's code, text and place, so that the API answers as AWS does; line, column and
hint are what we add for people. `InvalidDefinition` joins all of them into AWS's one sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stepwell.errors import ServiceError

ERROR = "ERROR"
WARNING = "WARNING"
SCHEMA_VALIDATION_FAILED = "SCHEMA_VALIDATION_FAILED"

_NOT_RUN = "This server does not run "

LINE_WIDTH_MAX = 100
"""More of a source line is not shown: a definition may stand in one line of a megabyte."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `severity` is ERROR or WARNING, `code` AWS's (`SCHEMA_VALIDATION_FAILED`), `message` AWS's text
    without the place, `location` AWS's place (`/States/X/Resource`), `line` and `column` where it
    stands in the text (from 1, 0 unknown), `hint` what would be right, where we know. `at` is the
    place where AWS names one around it only, `character` (from 1, 0 unknown) which one of the text
    that stands there is meant; line and column lead to it where the source is JSON.
    """

    severity: str
    code: str
    message: str
    location: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""
    at: str = ""
    character: int = 0

    @property
    def place(self) -> str:
        """Where to look: as exactly as it is known."""
        return self.at or self.location


class InvalidDefinition(ServiceError):
    """A definition that is refused, with everything that was found in it.

    `message` names the errors as AWS joins them; a finding without a place is at `null`.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        found = ", ".join(
            f"{finding.code}: {finding.message} at {finding.location or 'null'}"
            for finding in self.diagnostics
            if finding.severity == ERROR
        )
        super().__init__("InvalidDefinition", f"Invalid State Machine Definition: '{found}'")


def schema_error(message: str, location: str, hint: str = "", at: str = "") -> Diagnostic:
    """The commonest finding: a SCHEMA_VALIDATION_FAILED error."""
    return Diagnostic(ERROR, SCHEMA_VALIDATION_FAILED, message, location, hint=hint, at=at)


def not_run(what: str) -> str:
    """The sentence that refuses what AWS takes and this server does not run yet."""
    return f"{_NOT_RUN}{what} yet"


def is_not_run(diagnostic: Diagnostic) -> bool:
    """Whether a finding only says what this server does not run yet."""
    return diagnostic.severity == ERROR and diagnostic.message.startswith(_NOT_RUN)


def has_errors(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether any finding forbids the definition."""
    return any(finding.severity == ERROR for finding in diagnostics)


def render(diagnostic: Diagnostic, text: str, *, seen: str = "") -> str:
    """A finding for a terminal: what, where, the line with a caret, and what would be right.

    `seen` is the value that stands there, where the caller has it.
    """
    # For text that is no JSON, AWS repeats all of it in the message and in the place.
    message = diagnostic.message.split("\n at [Source", 1)[0]
    shown = [f"{diagnostic.severity.lower()}[{diagnostic.code}]: {message}"]
    place = diagnostic.location if diagnostic.location.startswith("/") else ""
    if diagnostic.line:
        place = f"line {diagnostic.line}, column {diagnostic.column} {place}".rstrip()
    if place:
        shown.append(f"  at {place}")
    shown += _excerpt(diagnostic, text)
    if seen:
        shown.append(f"  seen: {seen}")
    if diagnostic.hint:
        shown.append(f"  hint: {diagnostic.hint}")
    return "\n".join(shown)


def _excerpt(diagnostic: Diagnostic, text: str) -> list[str]:
    """The source line and a caret under its column, cut to a window around the column."""
    lines = text.split("\n")
    if not 0 < diagnostic.line <= len(lines):
        return []
    start = max(0, diagnostic.column - 1 - LINE_WIDTH_MAX // 2)
    line = lines[diagnostic.line - 1].rstrip("\r")[start : start + LINE_WIDTH_MAX]
    gutter = f"{diagnostic.line:>5} | "
    caret = " " * (diagnostic.column - 1 - start) + "^"
    return [gutter + line.replace("\t", " "), " " * 5 + " | " + caret]
