"""Findings about a definition, and how they are shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `severity` is ERROR or WARNING, `code` AWS's (`SCHEMA_VALIDATION_FAILED`), `message` AWS's text
    without the place, `location` AWS's place (`/States/X/Resource`), `line` and `column` where it
    stands in the text (from 1, 0 unknown), `hint` what would be right, where we know.
    """

    severity: str
    code: str
    message: str
    location: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""
