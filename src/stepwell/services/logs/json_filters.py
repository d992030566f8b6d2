"""Filter patterns of JSON lines: `{ ($.status = 5* || $.error IS TRUE) && $.ms > 100 }`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import translate

from stepwell.services.logs.errors import invalid
from stepwell.values import BadJson, JsonValue, decode

Test = Callable[[JsonValue], bool]

NESTING_MAX = 50
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<path>\$(?:\.[\w\-]+|\["(?:[^"\\]|\\.)*"\]|\['[^']*'\]|\[\d+\]|\[\*\]|\.\*)*)
    |(?P<and>&&)|(?P<or>\|\|)|(?P<open>\()|(?P<close>\))
    |(?P<operator>!=|>=|<=|=|>|<)
    |(?P<word>(?:IS|NOT|EXISTS|TRUE|FALSE|NULL)\b)
    |(?P<quoted>"(?:[^"\\]|\\.)*")
    |(?P<regex>%(?:[^%\\]|\\.)+%)
    |(?P<bare>[^\s()&|=!<>{}]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r"""\.([\w\-]+)|\["((?:[^"\\]|\\.)*)"\]|\['([^']*)'\]|\[(\d+)\]|(\.\*|\[\*\])""")


def compile_json_filter(text: str) -> Callable[[str], bool]:
    """What tells whether a line is a JSON object that matches."""
    if not text.endswith("}"):
        raise invalid("Invalid filter pattern: a closing } is missing.")
    test = _Parser(text[1:-1]).parse()

    def matches(line: str) -> bool:
        if line.lstrip()[:1] != "{":
            return False
        try:
            return test(decode(line))
        except BadJson:
            return False

    return matches


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._place = 0
        self._depth = 0

    def parse(self) -> Test:
        """The whole condition."""
        test = self._either()
        if self._place < len(self._tokens):
            raise _unexpected(self._tokens[self._place][1])
        return test

    def _next(self, *kinds: str) -> str | None:
        if self._place < len(self._tokens) and self._tokens[self._place][0] in kinds:
            self._place += 1
            return self._tokens[self._place - 1][1]
        return None

    def _either(self) -> Test:
        tests = [self._both()]
        while self._next("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda line: any(test(line) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._next("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda line: all(test(line) for test in tests)

    def _one(self) -> Test:
        if self._next("open"):
            self._depth += 1
            if self._depth > NESTING_MAX:
                raise invalid("Invalid filter pattern: too deeply nested.")
            test = self._either()
            self._depth -= 1
            if self._next("close") is None:
                raise invalid("Invalid filter pattern: a closing ) is missing.")
            return test
        path = self._next("path")
        if path is None:
            left = self._tokens[self._place :]
            raise _unexpected(left[0][1] if left else "the end")
        select = _path(path)
        operator = self._next("operator")
        if operator is None:
            return self._word_test(select)
        operand = self._next("quoted", "regex", "bare", "word")
        if operand is None:
            raise invalid("Invalid filter pattern: a value is missing.")
        return _compare(select, operator, operand)

    def _word_test(self, select: Callable[[JsonValue], list[JsonValue]]) -> Test:
        words = []
        while word := self._next("word"):
            words.append(word)
        match words:
            case ["IS", "TRUE"]:
                return lambda line: any(value is True for value in select(line))
            case ["IS", "FALSE"]:
                return lambda line: any(value is False for value in select(line))
            case ["IS", "NULL"]:
                return lambda line: any(value is None for value in select(line))
            case ["NOT", "EXISTS"]:
                return lambda line: not select(line)
            case ["EXISTS"]:
                return lambda line: bool(select(line))
        raise _unexpected(" ".join(words) or "the end")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    text = text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise _unexpected(text[place : place + 20])
        yield found.lastgroup, found[found.lastgroup]
        place = found.end()


def _unexpected(what: str) -> Exception:
    return invalid(f"Invalid character(s) in term '{what}'")


def _path(text: str) -> Callable[[JsonValue], list[JsonValue]]:
    steps = [found.groups() for found in _STEP.finditer(text)]

    def select(line: JsonValue) -> list[JsonValue]:
        values = [line]
        for name, double, single, index, star in steps:
            key = name or double or single
            reached: list[JsonValue] = []
            for value in values:
                if star and isinstance(value, list):
                    reached.extend(value)
                elif star and isinstance(value, dict):
                    reached.extend(value.values())
                elif index is not None and isinstance(value, list) and int(index) < len(value):
                    reached.append(value[int(index)])
                elif key is not None and isinstance(value, dict) and key in value:
                    reached.append(value[key])
            values = reached
        return values

    return select


def _compare(select: Callable[[JsonValue], list[JsonValue]], operator: str, operand: str) -> Test:
    if operator in ("=", "!="):
        equal = _equal(operand)
        if operator == "=":
            return lambda line: any(equal(value) for value in select(line))
        return lambda line: any(not equal(value) for value in select(line))
    try:
        bound = float(operand)
    except ValueError:
        raise invalid(f"Invalid numeric operand '{operand}'") from None
    orders: dict[str, Callable[[float], bool]] = {
        ">": lambda number: number > bound,
        "<": lambda number: number < bound,
        ">=": lambda number: number >= bound,
        "<=": lambda number: number <= bound,
    }
    order = orders[operator]
    return lambda line: any(
        order(value)
        for value in select(line)
        if isinstance(value, int | float) and not isinstance(value, bool)
    )


def _equal(operand: str) -> Test:
    if operand[:1] == "%":
        try:
            search = re.compile(operand[1:-1]).search
        except re.error as error:
            raise invalid(f"Invalid regular expression: {operand}: {error}") from None
        return lambda value: isinstance(value, str) and search(value[:10_000]) is not None
    quoted = operand[:1] == '"'
    text = re.sub(r"\\(.)", r"\1", operand[1:-1]) if quoted else operand
    whole = re.compile(translate(text.replace("[", "[[]").replace("?", "[?]"))).match

    def equal(value: JsonValue) -> bool:
        if isinstance(value, bool) or value is None:
            return False
        if isinstance(value, str):
            return whole(value) is not None
        if isinstance(value, int | float) and not quoted:
            shown = str(value)
            return whole(shown) is not None or _same_number(text, value)
        return False

    return equal


def _same_number(text: str, value: float) -> bool:
    try:
        return float(text) == value
    except ValueError:
        return False
