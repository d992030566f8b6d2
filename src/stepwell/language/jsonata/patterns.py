"""Regular expressions that the library's engine does not know: look-around, back references, and
what else JavaScript's and Java's engines take.

The library's own engine is quick and linear, so it keeps all that it knows. An expression with any
other pattern is rewritten: the pattern becomes a matcher, which is what JSONata calls a function
that gives one match and the way to the next, and its matches are found by another engine. That one
goes back and forth without bound, so such expressions are evaluated in the worker only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from stepwell.language.jsonata.functions import (
    ELEMENTS_MAX,
    Function,
    FunctionFailed,
)
from stepwell.language.jsonata.grammar import Node, parse
from stepwell.language.jsonata.tokens import NotUnderstood
from stepwell.values import JsonValue

if TYPE_CHECKING:
    import regex

SECONDS_MAX = 1.0
MARK = "$stepwell_"
"""What the names begin with that stand in rewritten texts only."""

_PRELUDE = (
    "$stepwell_contains:=$contains;$stepwell_split:=$split;"
    "$stepwell_matcher:=function($p,$f){function($s){($found:=$stepwell_matches($p,$f,$s);"
    "$at:=function($i){($m:=$found[$i];$exists($m)?{'match':$m.match,'start':$m.start,"
    "'end':$m.end,'groups':$m.groups,'next':function(){$at($i+1)}})};$at(0))}};"
    "$contains:=function($s,$t){$type($t)='function' and $type($s)='string'?$exists($t($s))"
    ":$stepwell_contains($s,$t)};"
    "$split:=function($s,$t,$n){$type($t)='function' and $type($s)='string'"
    "?$stepwell_pieces($s,$match($s,$t),$n)"
    ":$exists($n)?$stepwell_split($s,$t,$n):$stepwell_split($s,$t)};"
)
"""`$contains` and `$split` of the library take no matchers."""
_TAKING_PATTERNS = frozenset({"match", "contains", "replace", "split"})

_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_"}
_ENDS = {"z": r"\Z", "Z": r"(?=\n?\Z)"}


_OTHERS = re.compile(
    r"\(\?(?:[=!>]|<[=!])"  # look-around, atomic groups
    r"|\\[1-9kehRZ]"  # back references, escapes of Java's
    r"|\\[dDwWsS]-[^\]]"  # a hyphen behind a class
    r"|\{(?!\d{1,2}(?:,\d{0,2})?\})|(?:^|[^\\])\$\{"  # braces that count nothing, large counts
    r"|[?*+}]\+"  # possessive repetition
    r"|[^\\]/"  # a slash within brackets
)
"""What tells a pattern that is not for the library's engine. Too much is matched, too: braces that
are escaped. What it misses the library says when it comes to it."""
_REPEATED = re.compile(r"(\)?)\{(\d{1,6})(?:,(\d{0,6}))?\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression as it stands in an expression, and where."""

    text: str
    flags: str
    position: int

    @property
    def written(self) -> str:
        """The pattern between its slashes."""
        return f"/{self.text}/{self.flags}"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text whose patterns are variables, and the same with what these variables are."""

    body: str
    whole: str


def patterns_of(text: str) -> list[Pattern]:
    """The regular expressions of an expression, as far as it can be read."""
    try:
        return [_pattern(node) for node in _nodes(parse(text)) if node.kind == "regex"]
    except (NotUnderstood, RecursionError):
        return []


def trouble(pattern: Pattern) -> str | None:
    """Why the other engine does not take a pattern."""
    try:
        compiled(pattern.text, pattern.flags)
    except Exception as error:  # The engine is deeply recursive, and knows many reasons.
        return str(error)
    return None


def copies(text: str) -> int:
    """How many times over the library's engine writes out what is repeated, at most: that takes
    time each time it is evaluated."""
    if "{" not in text or "/" not in text:
        return 0
    return sum(_copies(pattern.text) for pattern in patterns_of(text))


def _copies(pattern: str) -> int:
    beside_each_other, within_each_other = 0, 1
    for closing, least, most in _REPEATED.findall(pattern):
        count = min(int(most or least), 1_000)
        if closing:
            within_each_other = min(within_each_other * max(count, 1), 1_000_000)
        else:
            beside_each_other += count
    return (beside_each_other or 1) * within_each_other


def rewrite(text: str, *, all_patterns: bool = False) -> Rewritten | None:
    """The text without the patterns that the library does not take; None if it has none such."""
    if "/" not in text:
        return None
    try:
        nodes = list(_nodes(parse(text)))
    except (NotUnderstood, RecursionError):
        return None
    found = [(node, _pattern(node)) for node in nodes if node.kind == "regex"]
    others = [(n, p) for n, p in found if all_patterns or _OTHERS.search(p.text)]
    if not others:
        return None
    matchers = "".join(
        f"{MARK}{at}:={MARK}matcher({json.dumps(p.text)},{json.dumps(p.flags)});"
        for at, (_, p) in enumerate(others)
    )
    edits = [(n.position, len(n.text), f"{MARK}{at}") for at, (n, _) in enumerate(others)]
    edits += [(place, 0, "$,") for place in _context_calls(nodes)]
    for start, length, instead in sorted(edits, reverse=True):
        text = text[:start] + instead + text[start + length :]
    return Rewritten(text, f"({_PRELUDE}{matchers}{text}\n)")


def _pattern(node: Node) -> Pattern:
    pattern, _, flags = node.text[1:].rpartition("/")
    return Pattern(pattern, flags, node.position)


def _nodes(tree: Node) -> Iterator[Node]:
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(node.children)


def _context_calls(nodes: list[Node]) -> Iterator[int]:
    """Where a call such as `$match(/x/)` lacks its text, which is the context item."""
    # What stands behind `~>` gets its text from there.
    chained = {id(node.children[1]) for node in nodes if node.kind == "chain"}
    for node in nodes:
        if node.kind == "call" and id(node) not in chained and len(node.children) > 1:
            function, first = node.children[:2]
            known = function.kind == "variable" and function.text in _TAKING_PATTERNS
            alone = len(node.children) == 2 and function.text in ("contains", "split")
            if known and (alone or first.kind == "regex"):
                yield node.position + 1


@lru_cache(maxsize=64)
def compiled(pattern: str, flags: str) -> regex.Pattern[str]:
    """The pattern for the other engine. Raises what that raises."""
    import regex  # Few expressions need it, and it takes its time.

    wanted = regex.VERSION1
    if "i" in flags:
        wanted |= regex.IGNORECASE
    if "m" in flags:
        wanted |= regex.MULTILINE
    return regex.compile(_translated(pattern), wanted)


def _translated(pattern: str) -> str:
    """The pattern as the engine writes it: digits and words are those of ASCII, as in Java."""
    made: list[str] = []
    in_class = 0
    place = 0
    while place < len(pattern):
        character = pattern[place]
        if character != "\\" or place + 1 == len(pattern):
            in_class += (character == "[") - (character == "]" and in_class > 0)
            made.append(character)
            place += 1
            continue
        escaped = pattern[place + 1]
        place += 2
        if escaped == "k" and pattern.startswith("<", place):
            end = pattern.find(">", place)
            made.append(f"(?P={pattern[place + 1 : end]})")
            place = end + 1
            continue
        made.append(_escape(escaped, in_class=in_class > 0))
        if in_class and escaped in "dDwWsS" and pattern.startswith("-", place):
            made.append("\\-")  # Behind a class a hyphen is one, and no range.
            place += 1
    return "".join(made)


def _escape(escaped: str, *, in_class: bool) -> str:
    members = _CLASSES.get(escaped.lower())
    if members is not None:
        if escaped.isupper():
            return f"[^{members}]"
        return members if in_class else f"[{members}]"
    if escaped in _ENDS and not in_class:
        return _ENDS[escaped]
    return "/" if escaped == "/" else "\\" + escaped


def _matches(pattern: JsonValue, flags: JsonValue, text: JsonValue, *_more: JsonValue) -> JsonValue:
    """All matches of a pattern in a text."""
    if not isinstance(text, str):
        raise FunctionFailed("T0410: A pattern is matched with a text only")
    found: list[JsonValue] = []
    known = compiled(cast("str", pattern), cast("str", flags))
    for match in known.finditer(text, timeout=SECONDS_MAX):
        if len(found) == ELEMENTS_MAX:
            raise FunctionFailed(f"D2014: There are more than {ELEMENTS_MAX} matches")
        groups = cast("list[JsonValue]", list(match.groups()))
        start, end = match.span()
        found.append({"match": match[0], "start": start, "end": end, "groups": groups})
    return found


def _pieces(
    text: JsonValue, matches: JsonValue = None, most: JsonValue = None, *_more: JsonValue
) -> JsonValue:
    """The text between the matches; empty ones at its ends cut nothing off."""
    given = matches if isinstance(matches, list) else [] if matches is None else [matches]
    whole = cast("str", text)
    pieces: list[JsonValue] = []
    at = 0
    for match in cast("list[dict[str, JsonValue]]", given):
        start, matched = cast("int", match["index"]), cast("str", match["match"])
        if matched or 0 < start < len(whole):
            pieces.append(whole[at:start])
            at = start + len(matched)
    pieces.append(whole[at:])
    if isinstance(most, int | float):
        if most < 0:
            raise FunctionFailed("D3020: Third argument of split function must be positive")
        pieces = pieces[: int(most)]
    return pieces


MATCHING: dict[str, Function] = {"stepwell_matches": _matches, "stepwell_pieces": _pieces}
"""The functions that rewritten texts call."""
