"""What a template may use, and what is raised when it is wrong or uses more."""

from __future__ import annotations

TEMPLATE_CHARACTERS_MAX = 300 * 1024
NESTING_MAX = 60
"""How deep blocks and expressions may stand inside each other, and macros call each other."""
STEPS_MAX = 200_000
ITERATIONS_MAX = 1_000
"""How often one #foreach goes round, as on AWS."""
TEXT_CHARACTERS_MAX = 10 * 1024 * 1024
"""How long a text may get: a payload of API Gateway."""
ELEMENTS_MAX = 100_000
NUMBER_MAX = 1 << 63
PATTERN_CHARACTERS_MAX = 1_000


class TemplateTrouble(Exception):
    """A template that cannot be read or carried out. The message says why."""


class BodyTrouble(TemplateTrouble):
    """The body that a template reads as JSON is none."""
