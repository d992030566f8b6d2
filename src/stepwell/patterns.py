"""Regular expressions of strangers: whether a text matches one, in bounded time.

Python's own matcher goes back and tries again, and a short pattern can keep it busy for years. Here
a pattern's tree is walked once with the set of all places that a match may have come to, and every
step is counted. References to groups and atomic groups are refused.
"""

from __future__ import annotations

import re
import re._constants as codes  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

STEPS_MAX = 2_000_000
"""A second's work."""
PATTERN_CHARACTERS_MAX = 10_000
Places = frozenset[int]


class BadPattern(ValueError):
    """The pattern is no regular expression, or one that is not taken here."""


def matches_whole(pattern: str, text: str) -> bool:
    """Whether the whole text matches. Raises BadPattern."""
    tree = _parsed(pattern)
    try:
        return len(text) in _Match(text, tree.state.flags).after(tree, frozenset({0}))
    except RecursionError as error:
        raise BadPattern("it is nested too deeply") from error


def matches_within(pattern: str, text: str) -> bool:
    """Whether some part of the text matches. Raises BadPattern."""
    tree = _parsed(pattern)
    try:
        begins = frozenset(range(len(text) + 1))
        return bool(_Match(text, tree.state.flags).after(tree, begins))
    except RecursionError as error:
        raise BadPattern("it is nested too deeply") from error


@lru_cache(maxsize=256)
def _parsed(pattern: str) -> Any:
    if len(pattern) > PATTERN_CHARACTERS_MAX:
        raise BadPattern("it is too long")
    try:
        return parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPattern(str(error)) from error


@lru_cache(maxsize=4_096)
def _category(code: int, sign: str) -> bool:
    return re.fullmatch(_CATEGORIES[code], sign) is not None


_CATEGORIES = {
    codes.CATEGORY_DIGIT: r"\d",
    codes.CATEGORY_NOT_DIGIT: r"\D",
    codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S",
    codes.CATEGORY_WORD: r"\w",
    codes.CATEGORY_NOT_WORD: r"\W",
}


@dataclass(slots=True)
class _Match:
    """One text, and how much work it has made so far."""

    text: str
    flags: int
    steps: int = 0

    def after(self, items: Any, places: Places) -> Places:
        """Where matches of the items, one after the other, may end that begin at these places."""
        for code, argument in items:
            if not places:
                break
            places = self._one(code, argument, places)
        return places

    def _one(self, code: Any, argument: Any, places: Places) -> Places:
        self.steps += len(places)
        if self.steps > STEPS_MAX:
            raise BadPattern("it takes too long")
        if code in (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN):
            length = len(self.text)
            return frozenset(
                at + 1 for at in places if at < length and self._fits(code, argument, self.text[at])
            )
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            return self._repeated(argument, places)
        if code is codes.SUBPATTERN:
            return self._inner(argument, places)
        if code is codes.BRANCH:
            return frozenset().union(*(self.after(branch, places) for branch in argument[1]))
        if code is codes.AT:
            return frozenset(at for at in places if self._is_at(argument, at))
        if code in (codes.ASSERT, codes.ASSERT_NOT):
            wanted = code is codes.ASSERT
            return frozenset(at for at in places if self._looks(argument, at) is wanted)
        raise BadPattern("references and atomic groups are not taken")

    def _inner(self, argument: Any, places: Places) -> Places:
        _, added, removed, items = argument
        outside = self.flags
        self.flags = (outside | added) & ~removed
        found = self.after(items, places)
        self.flags = outside
        return found

    def _repeated(self, argument: Any, places: Places) -> Places:
        least, most, items = argument
        for _ in range(least):
            further = self.after(items, places)
            if not further or further == places:
                places = further
                break
            places = further
        new, reached = places, set(places)
        for _ in range(min(most, len(self.text) + least + 1) - least):
            new = self.after(items, new) - reached
            if not new:
                break
            reached |= new
        return frozenset(reached)

    def _looks(self, argument: Any, at: int) -> bool:
        direction, items = argument
        if direction > 0:
            return bool(self.after(items, frozenset({at})))
        least, most = items.getwidth()
        begins = frozenset(range(max(0, at - most), at - least + 1))
        return at in self.after(items, begins)

    def _is_at(self, where: Any, at: int) -> bool:
        lines = self.flags & re.MULTILINE
        if where is codes.AT_BEGINNING:
            return at == 0 or bool(lines and self.text[at - 1] == "\n")
        if where is codes.AT_BEGINNING_STRING:
            return at == 0
        if where is codes.AT_END:
            rest = self.text[at : at + 2]
            return rest in ("", "\n") or bool(lines and rest[:1] == "\n")
        if where is codes.AT_END_STRING:
            return at == len(self.text)
        around = self.text[max(0, at - 1) : at], self.text[at : at + 1]
        before, behind = (bool(re.match(r"\w", sign)) for sign in around)
        return (before != behind) is (where is codes.AT_BOUNDARY)

    def _fits(self, code: Any, argument: Any, sign: str) -> bool:
        if code is codes.ANY:
            return sign != "\n" or bool(self.flags & re.DOTALL)
        signs = {sign, sign.lower(), sign.upper()} if self.flags & re.IGNORECASE else {sign}
        if code is codes.IN:
            negated = argument[0][0] is codes.NEGATE
            self.steps += len(argument)
            return any(_is_in(item, each) for item in argument for each in signs) is not negated
        found = any(ord(each) == argument for each in signs if len(each) == 1)
        return found is (code is codes.LITERAL)


def _is_in(item: Any, sign: str) -> bool:
    code, argument = item
    if code is codes.LITERAL:
        return len(sign) == 1 and ord(sign) == argument
    if code is codes.RANGE:
        return len(sign) == 1 and bool(argument[0] <= ord(sign) <= argument[1])
    return code is codes.CATEGORY and _category(argument, sign)
