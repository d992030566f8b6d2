"""Regular expressions whose time is bounded by the length of the text.

Python's own engine backtracks: `(a+)+b` against forty letters takes longer than anybody lives, and
nothing else runs meanwhile. Patterns in which at most one part repeats cannot do that and stay with
it, as it is the quickest. All others are run here as an automaton that follows every way at once,
and remembers what it found.

Rules: whole texts only, as `=~` asks. What looks around or back cannot be followed that way, so
such patterns are taken only where the rest of them is harmless. Parsing is Python's; single
characters are tested by Python's engine too: classes, cases and flags mean the same in both.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from stepwell.language.budget import spend

STATES_MAX = 1_000
REMEMBERED_MAX = 10_000
_parser = importlib.import_module("re._parser")

_PLACES = {
    "AT_BEGINNING": "^",
    "AT_BEGINNING_STRING": r"\A",
    "AT_END": "$",
    "AT_END_STRING": r"\Z",
    "AT_BOUNDARY": r"\b",
    "AT_NON_BOUNDARY": r"\B",
}
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
_REPEATS = frozenset(("MAX_REPEAT", "MIN_REPEAT"))
_CHARACTERS = frozenset(("LITERAL", "NOT_LITERAL", "ANY", "IN"))

Test = Callable[[str, int], object]
State = tuple[Test, int]
"""A test of the character at a position, and the place in the program to go on at."""
_MATCHED = 0


class BadPattern(ValueError):
    """The pattern is none, or none that can be run in bounded time. The message says why."""


class Matcher(Protocol):
    """What a compiled pattern is asked."""

    def fullmatch(self, string: str, /) -> object:
        """Something true when the whole text matches."""


def compile_pattern(text: str, flags: re.RegexFlag) -> Matcher:
    """The pattern, ready to match. Raises BadPattern."""
    try:
        # A pattern that is fine in Java may look doubtful to Python; that is nobody's warning.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(text, flags)
            tree = _parser.parse(text, int(flags))
        if _variable_repeats(tree) <= 1:
            return compiled
        return _Automaton(tree, re.RegexFlag(tree.state.flags))
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        raise BadPattern(str(error)) from error


def _variable_repeats(tree: Iterable[Any]) -> int:
    """How many parts may match lengths of their own; a part that repeats counts its parts twice."""
    count = 0
    for operation, argument in tree:
        name = str(operation)
        if name in _REPEATS or name == "POSSESSIVE_REPEAT":
            least, most, body = argument
            inner = _variable_repeats(body)
            count += 2 * inner if most > 1 else inner
            count += least != most
        elif name == "SUBPATTERN":
            count += _variable_repeats(argument[3])
        elif name == "BRANCH":
            count += 1 + sum(_variable_repeats(branch) for branch in argument[1])
        elif name in ("ASSERT", "ASSERT_NOT"):
            count += _variable_repeats(argument[1])
        elif name == "ATOMIC_GROUP":
            count += _variable_repeats(argument)
        elif name in ("GROUPREF", "GROUPREF_EXISTS"):
            count += 1
    return count


class _Automaton:
    """The pattern as places joined by steps: a character, a choice of ways, or a condition."""

    def __init__(self, tree: Iterable[Any], flags: re.RegexFlag) -> None:
        self._characters: dict[int, State] = {}
        self._ways: dict[int, tuple[int, ...]] = {}
        self._conditions: dict[int, State] = {}
        self._size = 1
        self._start = self._sequence(tree, flags, _MATCHED)
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def fullmatch(self, string: str, /) -> bool:
        """Whether the whole text matches."""
        current = self._reach((self._start,), string, 0)
        for position, character in enumerate(string):
            if not position & 255:
                spend(64)
            known = None if self._conditions else self._steps.get((current, character))
            current = self._step(current, string, position) if known is None else known
            if not current:
                return False
        return _MATCHED in current

    def _step(self, current: frozenset[int], text: str, position: int) -> frozenset[int]:
        targets = []
        spend(1 + len(current))
        for place in current:
            if place in self._characters:
                test, target = self._characters[place]
                if test(text, position):
                    targets.append(target)
        reached = self._reach(targets, text, position + 1)
        if len(self._steps) >= REMEMBERED_MAX:
            self._steps.clear()
        self._steps[current, text[position]] = reached
        return reached

    def _reach(self, places: Iterable[int], text: str, position: int) -> frozenset[int]:
        """The places where characters are tested that can be reached without one."""
        pending, seen = list(places), set[int]()
        while pending:
            place = pending.pop()
            if place in seen:
                continue
            seen.add(place)
            pending.extend(self._ways.get(place, ()))
            if place in self._conditions:
                test, target = self._conditions[place]
                if test(text, position):
                    pending.append(target)
        spend(len(seen))
        return frozenset(place for place in seen if place == _MATCHED or place in self._characters)

    def _new(self) -> int:
        if self._size >= STATES_MAX:
            raise BadPattern(f"it has more than {STATES_MAX} parts, repetitions written out")
        self._size += 1
        return self._size - 1

    def _sequence(self, tree: Iterable[Any], flags: re.RegexFlag, after: int) -> int:
        for operation, argument in reversed(list(tree)):
            after = self._part(str(operation), argument, flags, after)
        return after

    def _part(self, name: str, argument: Any, flags: re.RegexFlag, after: int) -> int:
        """The place where this part begins."""
        if name in _CHARACTERS:
            place = self._new()
            self._characters[place] = (_test(_character(name, argument), flags), after)
            return place
        if name == "SUBPATTERN":
            _, added, removed, body = argument
            return self._sequence(body, (flags | added) & ~removed, after)
        if name == "BRANCH":
            return self._either(
                tuple(self._sequence(branch, flags, after) for branch in argument[1])
            )
        if name in _REPEATS:
            return self._repeat(argument, flags, after)
        if name == "AT":
            place = self._new()
            self._conditions[place] = (_test(_PLACES[str(argument)], flags), after)
            return place
        raise BadPattern(
            "it looks around or back and repeats more than one part, which can take for ever"
        )

    def _either(self, ways: tuple[int, ...]) -> int:
        place = self._new()
        self._ways[place] = ways
        return place

    def _repeat(self, argument: Any, flags: re.RegexFlag, after: int) -> int:
        least, most, body = argument
        if most == _parser.MAXREPEAT:
            loop = self._either(())
            self._ways[loop] = (self._sequence(body, flags, loop), after)
            place = loop
        else:
            place = after
            for _ in range(int(most) - int(least)):
                place = self._either((self._sequence(body, flags, place), after))
        for _ in range(int(least)):
            place = self._sequence(body, flags, place)
        return place


def _test(source: str, flags: re.RegexFlag) -> Test:
    kept = flags & (re.IGNORECASE | re.MULTILINE | re.DOTALL | re.ASCII)
    return re.compile(source, kept).match


def _character(name: str, argument: Any) -> str:
    """The part of one character, written as a pattern again."""
    if name == "ANY":
        return "."
    if name == "IN":
        return f"[{''.join(_in_class(str(operation), value) for operation, value in argument)}]"
    return f"[{'^' if name == 'NOT_LITERAL' else ''}{_escaped(argument)}]"


def _in_class(name: str, value: Any) -> str:
    if name == "NEGATE":
        return "^"
    if name == "RANGE":
        return f"{_escaped(value[0])}-{_escaped(value[1])}"
    if name == "CATEGORY":
        return _CATEGORIES[str(value)]
    return _escaped(value)


def _escaped(character: int) -> str:
    return f"\\U{character:08x}"
