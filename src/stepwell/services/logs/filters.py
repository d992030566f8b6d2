"""Filter patterns: which lines FilterLogEvents shows.

ERROR "out of memory"      every term must be there
?ERROR ?WARN               one of these
-DEBUG                     must not be there
%[45]\\d\\d%                 a regular expression
{ $.id = "1" && $.n > 3 }  a JSON line
[ip, user, ..., status=4*] a line in columns
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate

from stepwell.services.logs.errors import invalid
from stepwell.services.logs.json_filters import compile_json_filter

Matches = Callable[[str], bool]

PATTERN_CHARACTERS_MAX = 1_024
_TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)+)%|([^\s"]+))\s*')
_COLUMN = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+)')
_CONDITION = re.compile(r"\s*([A-Za-z_$][\w$]*)?\s*(?:(!=|>=|<=|=|>|<)\s*(.+))?\s*")
_REGEX_ALLOWED = re.compile(r"(?:\\[wWdDsS.|()\[\]{}+*?^$/\\-]|[^\\(])*+")


def compile_filter(pattern: str) -> Matches:
    """What tells whether a line matches. Raises ServiceError InvalidParameterException."""
    text = pattern.strip()
    if len(text) > PATTERN_CHARACTERS_MAX:
        raise invalid("Invalid filter pattern: it is too long.")
    if not text:
        return lambda line: True
    if text.startswith("{"):
        return compile_json_filter(text)
    if text.startswith("["):
        return _columns(text)
    return _terms(text)


def _terms(text: str) -> Matches:
    must: list[Matches] = []
    some: list[Matches] = []
    never: list[Matches] = []
    place = 0
    while place < len(text):
        found = _TERM.match(text, place)
        if found is None:
            raise invalid(f"Invalid character(s) in term '{text[place : place + 40]}'")
        place = found.end()
        sign, quoted, regex, word = found.groups()
        if regex is not None:
            term = _regex(regex)
        else:
            term = _contains(word if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        {"": must, "?": some, "-": never}[sign].append(term)

    def matches(line: str) -> bool:
        # AWS ignores ?terms beside terms that must be there.
        if any(term(line) for term in never) or not all(term(line) for term in must):
            return False
        return bool(must) or not some or any(term(line) for term in some)

    return matches


def _contains(term: str) -> Matches:
    return lambda line: term in line


def _regex(text: str) -> Matches:
    """AWS allows no groups; without them, and on lines of bounded length, this stays fast."""
    if not _REGEX_ALLOWED.fullmatch(text):
        raise invalid(f"Invalid regular expression: {text}")
    try:
        search = re.compile(text).search
    except re.error as error:
        raise invalid(f"Invalid regular expression: {text}: {error}") from None
    return lambda line: search(line[:10_000]) is not None


def _columns(text: str) -> Matches:
    if not text.endswith("]"):
        raise invalid("Invalid filter pattern: a closing ] is missing.")
    fields = [field.strip() for field in text[1:-1].split(",")]
    if fields.count("...") > 1:
        raise invalid("Invalid filter pattern: only one ellipsis is allowed.")
    checks = [None if field == "..." else _column_check(field) for field in fields]

    def matches(line: str) -> bool:
        columns = [a or b or c for a, b, c in _COLUMN.findall(line)]
        return _fits(checks, columns)

    return matches


def _fits(checks: Sequence[Matches | None], columns: Sequence[str]) -> bool:
    if None in checks:
        gap = checks.index(None)
        before, after = checks[:gap], checks[gap + 1 :]
        if len(columns) < len(before) + len(after):
            return False
        tail = columns[len(columns) - len(after) :]
        return _fits(before, columns[:gap]) and _fits(after, tail)
    return len(checks) == len(columns) and all(
        check is not None and check(column) for check, column in zip(checks, columns, strict=True)
    )


def _column_check(field: str) -> Matches:
    alternatives = [part.strip() for part in field.split("||")]
    found = [_condition(part) for part in alternatives]
    return lambda column: any(check(column) for check in found)


def _condition(text: str) -> Matches:
    parts = [_comparison(part) for part in text.split("&&")]
    return lambda column: all(check(column) for check in parts)


def _comparison(text: str) -> Matches:
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise invalid(f"Invalid character(s) in term '{text}'")
    operator, operand = found[2], (found[3] or "").strip()
    if operator is None:
        return lambda column: True
    if operator in ("=", "!="):
        matches = _regex(operand[1:-1]) if operand[:1] == "%" else _wildcard(operand.strip('"'))
        return matches if operator == "=" else lambda column: not matches(column)
    return _numeric(operator, operand)


def _wildcard(text: str) -> Matches:
    if "*" not in text:
        return lambda column: column == text
    literal = text.replace("[", "[[]").replace("?", "[?]")
    whole = re.compile(translate(literal)).match
    return lambda column: whole(column) is not None


def _numeric(operator: str, operand: str) -> Matches:
    try:
        bound = float(operand)
    except ValueError:
        raise invalid(f"Invalid numeric operand '{operand}'") from None

    def check(column: str) -> bool:
        try:
            number = float(column)
        except ValueError:
            return False
        return {
            ">": number > bound,
            "<": number < bound,
            ">=": number >= bound,
            "<=": number <= bound,
        }[operator]

    return check
