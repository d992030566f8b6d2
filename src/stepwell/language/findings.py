"""The collector that the checks write to, with the rules that many fields share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from stepwell.language.diagnostics import ERROR, WARNING, Diagnostic, not_run, schema_error
from stepwell.language.fields import (
    FIELDS_NOT_YET,
    QUERY_LANGUAGES,
    QUERY_LANGUAGES_NOT_YET,
    SECONDS_MAX,
    STATE_FIELDS,
)
from stepwell.language.hints import Comparisons, number, other_language, unknown_field
from stepwell.language.places import PART_CHARACTERS_MAX
from stepwell.language.resources import Runs, runs_here
from stepwell.language.syntax import INPUT, not_a_reference, path_problem, reference_problem
from stepwell.values import JsonObject, JsonValue

_PATH_FIELDS = frozenset(
    name for fields in STATE_FIELDS.values() for name in fields if name.endswith("Path")
)

FINDINGS_MAX = 1_000
PATTERNS_MAX = 300
"""So many regular expressions of a definition are read: an engine takes its time for each."""
FINDINGS_CHARACTERS_MAX = 1_000_000
"""A hostile definition must not make a report that is many times its size."""


@dataclass(slots=True)
class Bounded:
    """A list of findings that takes no more when it is long enough."""

    found: list[Diagnostic] = field(default_factory=list)
    characters: int = 0

    @property
    def is_full(self) -> bool:
        """Whether what comes now is dropped."""
        return len(self.found) >= FINDINGS_MAX or self.characters >= FINDINGS_CHARACTERS_MAX

    def add(self, diagnostic: Diagnostic) -> None:
        """One finding more, unless there are enough."""
        if not self.is_full:
            self.found.append(diagnostic)
            self.characters += len(diagnostic.message) + len(diagnostic.location)


class Findings:
    """What has been found in one definition so far, and what holds for all of it."""

    def __init__(self, machine_type: str, refuse_unreachable: bool, runs: Runs = runs_here) -> None:
        self.runs = runs
        self.machine_type = machine_type
        self.refuse_unreachable = refuse_unreachable
        self.machine_language = "JSONPath"
        self.state_names: set[str] = set()
        self.labels: set[str] = set()
        self.nearest = Comparisons().nearest
        self.errors = Bounded()
        self.warnings = Bounded()
        self.not_yet = Bounded()
        self.patterns_left = PATTERNS_MAX

    def error(self, message: str, location: str, hint: str = "", at: str = "") -> None:
        """A SCHEMA_VALIDATION_FAILED error."""
        self.errors.add(schema_error(message, location, hint, at))

    def coded(
        self, code: str, message: str, location: str, hint: str = "", character: int = 0
    ) -> None:
        """An error with a code of its own."""
        found = Diagnostic(ERROR, code, message, location, hint=hint, character=character)
        self.errors.add(found)

    def warning(self, code: str, message: str, location: str) -> None:
        """A warning, which does not forbid the definition."""
        self.warnings.add(Diagnostic(WARNING, code, message, location))

    def add_not_yet(self, what: str, location: str, hint: str = "") -> None:
        """Something AWS takes and this server does not run yet. `hint`: what would help."""
        self.not_yet.add(schema_error(not_run(what) + (f"; {hint}" if hint else ""), location))

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Errors found elsewhere."""
        for diagnostic in diagnostics:
            self.errors.add(diagnostic)

    def required(self, missing: Sequence[str], location: str, given: Collection[str] = ()) -> None:
        """One finding for all required fields that are not there. `given` are those that are."""
        if missing:
            meant = {each.lower(): each for each in missing}
            hints = [
                f"'{name}' is written '{meant[name.lower()]}'"
                for name in given
                if name.lower() in meant
            ]
            message = f"These fields are required: [{', '.join(missing)}]"
            self.error(message, location, "; ".join(hints[:2]))

    def known_fields(
        self, value: JsonObject, fields: dict[str, str], location: str, language: str
    ) -> None:
        """Each field must be known here, and belong to the query language in force."""
        for name in value:
            marked = fields.get(name)
            if marked is None:
                hint = unknown_field(name, fields, self.nearest)
                self.error(f"Field '{name}' is not supported", location, hint, _at(location, name))
            elif marked == "P" and language == "JSONata":
                message = _wrong_language(name, "JSONata", "JSONPath")
                hint = other_language(name, "JSONPath")
                self.error(message, location, hint, _at(location, name))
            elif marked == "A" and language == "JSONPath":
                message = _wrong_language(name, "JSONPath", "JSONata")
                hint = other_language(name, "JSONata")
                self.error(message, location, hint, _at(location, name))
            if name in FIELDS_NOT_YET and marked is not None:
                self.add_not_yet(f"the field '{name}'", f"{location}/{name}")

    def query_language(self, value: JsonObject, location: str, inherited: str) -> str:
        """The query language a machine or state is in."""
        if "QueryLanguage" not in value:
            return inherited
        language = value["QueryLanguage"]
        place = f"{location.rstrip('/')}/QueryLanguage"
        if not self.one_of(language, QUERY_LANGUAGES, place):
            return inherited
        if language in QUERY_LANGUAGES_NOT_YET:
            self.add_not_yet(f"the query language {language}", place)
        return self.language_of(value)

    def language_of(self, state: JsonObject) -> str:
        """The query language a state is in, without a word when what it says is wrong."""
        language = state.get("QueryLanguage")
        return language if language in QUERY_LANGUAGES else self.machine_language

    def one_of(self, value: JsonValue, allowed: Sequence[str], location: str) -> bool:
        """The value must be one of a few texts."""
        if isinstance(value, str) and value in allowed:
            return True
        message = f"Value should be one of the following: [{', '.join(allowed)}]"
        self.error(message, location, self.nearest(value, allowed))
        return False

    def path(self, value: JsonValue, location: str) -> None:
        """The value must be a JSONPath."""
        problem = path_problem(value)
        if problem is not None:
            self.error("Value must be a valid JSONPath.", location, problem)

    def reference_path(
        self, value: JsonValue, location: str, roots: tuple[str, ...] = (INPUT,)
    ) -> None:
        """The value must name one place of what it may begin with."""
        if not isinstance(value, str) or not value.startswith("$"):
            self.path(value, location)
        elif (problem := reference_problem(value, roots)) is not None:
            self.error(not_a_reference(value), location, problem)

    def text(self, value: JsonObject, name: str, pointer: str) -> str | None:
        """A field that must be text, when it is there."""
        if name not in value:
            return None
        found = value[name]
        if isinstance(found, str):
            return found
        self.error("Expected value of type String", f"{pointer}/{name}")
        return None

    def integer(
        self,
        value: JsonObject,
        name: str,
        pointer: str,
        least: int,
        most: int = SECONDS_MAX,
    ) -> int | None:
        """A field that must be a whole number within bounds, when it is there."""
        if name not in value:
            return None
        found = value[name]
        if isinstance(found, bool) or not isinstance(found, int):
            has_path = f"{name}Path" in _PATH_FIELDS
            hint = number(name, found, has_path=has_path)
            self.error("Expected value of type Integer", f"{pointer}/{name}", hint)
            return None
        if not least <= found <= most:
            bound = f"Minimum value is {least}" if found < least else f"Maximum value is {most}"
            self.error(bound, f"{pointer}/{name}")
            return None
        return found


def _at(location: str, name: str) -> str:
    """The place of a member, unless its name is so long that nobody looks for it."""
    return f"{location.rstrip('/')}/{name}" if len(name) <= PART_CHARACTERS_MAX else ""


def _wrong_language(name: str, language: str, wanted: str) -> str:
    """AWS's sentence for a field of the other query language."""
    return (
        f"The QueryLanguage is set to '{language}', but field '{name}' is only supported "
        f"for the '{wanted}' QueryLanguage"
    )
