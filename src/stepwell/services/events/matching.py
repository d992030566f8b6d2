"""Which rules of a bus want an event. Patterns are compiled once, by their text."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.services.events.records import RuleRow
from stepwell.services.patterns.pattern import Wants, compile_pattern
from stepwell.services.shelf import Shelf
from stepwell.values import JsonObject, JsonValue, decode

_RECENT_MAX = 1_000


class Matching:
    """See the module. `changed` after every change of a rule."""

    def __init__(self, rules: Shelf[RuleRow]) -> None:
        self._rules = rules
        self._compiled: dict[str, tuple[Wants, Wants | None]] = {}

    def wanting(self, bus: str, event: JsonObject) -> Iterator[RuleRow]:
        """The rules of a bus that want an event, in the order of their names."""
        for rule in self._rules.of(bus):
            if _listens(rule) and self._wants(rule.pattern or "")[0](event):
                yield rule

    def may_want(self, bus: str, source: str) -> bool:
        """Whether a rule may want events of a source."""
        return any(
            _listens(rule) and self._wants_source(rule.pattern or "", source)
            for rule in self._rules.of(bus)
        )

    def changed(self) -> None:
        """A rule is new, different or gone: bound what is remembered."""
        if len(self._compiled) >= _RECENT_MAX:
            self._compiled.clear()

    def _wants(self, pattern: str) -> tuple[Wants, Wants | None]:
        found = self._compiled.get(pattern)
        if found is None:
            given = decode(pattern)
            found = compile_pattern(given), _source_alone(given)
            self._compiled[pattern] = found
        return found

    def _wants_source(self, pattern: str, source: str) -> bool:
        of_source = self._wants(pattern)[1]
        return of_source is None or of_source({"source": source})


def _listens(rule: RuleRow) -> bool:
    return rule.pattern is not None and rule.state != "DISABLED"


def _source_alone(pattern: JsonValue) -> Wants | None:
    """What a pattern says of the source and nothing else."""
    if isinstance(pattern, dict) and "source" in pattern:
        return compile_pattern({"source": pattern["source"]})
    return None
