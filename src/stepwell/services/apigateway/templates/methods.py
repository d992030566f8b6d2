"""The methods of texts, lists, maps and numbers: those of Java that templates use.

A method that is not here is none: the reference stands for nothing, as in Velocity.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from stepwell.services.apigateway.templates.limits import (
    PATTERN_CHARACTERS_MAX,
    TemplateTrouble,
)
from stepwell.services.apigateway.templates.values import Value, bounded, bounded_text, shown

_GROUP = re.compile(r"\\(.)|\$(\d)", re.DOTALL)
_REPEATED = re.compile(r"[+*}][)]+[+*{]")


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    """A pattern; one that could take for ever (a repetition of repetitions) is refused."""
    if len(text) > PATTERN_CHARACTERS_MAX or _REPEATED.search(text):
        raise TemplateTrouble(f"the pattern {text[:80]} is too expensive")
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise TemplateTrouble(f"the pattern {text[:80]} is wrong: {error}") from error


def _replace_all(text: str, pattern: Value, by: Value, count: int = 0) -> str:
    """Java's replacement: `$1` is a group, a backslash takes the next sign as it is."""
    replacement = shown(by)

    def replaced(found: re.Match[str]) -> str:
        def part(sign: re.Match[str]) -> str:
            if sign[1] is not None:
                return sign[1]
            number = int(sign[2])
            return (found[number] or "") if number <= (found.re.groups) else ""

        return _GROUP.sub(part, replacement)

    if len(text) * max(1, len(replacement)) > 1 << 30:
        raise TemplateTrouble("a replacement is too long")
    return bounded_text(_pattern(shown(pattern)).sub(replaced, text, count))


def _substring(text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    if not 0 <= start <= end <= len(text):
        raise TemplateTrouble(f"substring({start}, {end}) of a text of {len(text)}")
    return text[start:end]


def _split(text: str, pattern: Value) -> list[Value]:
    parts: list[Value] = list(_pattern(shown(pattern)).split(text))
    while parts and not parts[-1]:
        parts.pop()
    return bounded(parts)


def _replace(text: str, old: Value, new: Value) -> str:
    before, after = shown(old), shown(new)
    if text.count(before) * len(after) > 1 << 24:
        raise TemplateTrouble("a replacement is too long")
    return bounded_text(text.replace(before, after))


TEXT: Mapping[str, Callable[..., Any]] = {
    "length": len,
    "toString": lambda text: text,
    "toUpperCase": lambda text: text.upper(),
    "toLowerCase": lambda text: text.lower(),
    "trim": lambda text: text.strip(),
    "contains": lambda text, part: shown(part) in text,
    "startsWith": lambda text, part: text.startswith(shown(part)),
    "endsWith": lambda text, part: text.endswith(shown(part)),
    "indexOf": lambda text, part: text.find(shown(part)),
    "lastIndexOf": lambda text, part: text.rfind(shown(part)),
    "substring": _substring,
    "replace": _replace,
    "replaceAll": _replace_all,
    "replaceFirst": lambda text, pattern, by: _replace_all(text, pattern, by, 1),
    "split": _split,
    "matches": lambda text, pattern: bool(_pattern(shown(pattern)).fullmatch(text)),
    "equals": lambda text, other: text == other,
    "equalsIgnoreCase": lambda text, other: text.lower() == shown(other).lower(),
    "compareTo": lambda text, other: (text > shown(other)) - (text < shown(other)),
    "concat": lambda text, other: bounded_text(text + shown(other)),
    "isEmpty": lambda text: not text,
    "isBlank": lambda text: not text.strip(),
    "charAt": lambda text, at: _substring(text, at, at + 1),
}


def _append(items: list[Value], value: Value) -> bool:
    items.append(value)
    bounded(items)
    return True


def _append_all(items: list[Value], values: list[Value]) -> bool:
    items.extend(list(values))
    bounded(items)
    return True


def _set_item(items: list[Value], at: int, value: Value) -> Value:
    before = _item(items, at)
    items[at] = value
    return before


def _item(items: list[Value], at: int) -> Value:
    if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < len(items):
        raise TemplateTrouble(f"no element {at} in a list of {len(items)}")
    return items[at]


def _remove_item(items: list[Value], at: Value) -> Value:
    if isinstance(at, int):
        _item(items, at)
        return items.pop(at)
    found = at in items
    if found:
        items.remove(at)
    return found


LIST: Mapping[str, Callable[..., Any]] = {
    "size": len,
    "length": len,
    "get": _item,
    "add": _append,
    "addAll": _append_all,
    "set": _set_item,
    "remove": _remove_item,
    "contains": lambda items, value: value in items,
    "indexOf": lambda items, value: items.index(value) if value in items else -1,
    "isEmpty": lambda items: not items,
    "subList": lambda items, start, end: items[start:end],
    "toString": shown,
    "equals": lambda items, other: items == other,
}


def _put(items: dict[Any, Value], key: Value, value: Value) -> Value:
    before = items.get(_key(key))
    items[_key(key)] = value
    bounded(list(items))
    return before


def _put_all(items: dict[Any, Value], values: dict[Any, Value]) -> None:
    items.update(values)
    bounded(list(items))


def _key(key: Value) -> Any:
    return shown(key) if isinstance(key, dict | list) else key


MAP: Mapping[str, Callable[..., Any]] = {
    "get": lambda items, key: items.get(_key(key)),
    "getOrDefault": lambda items, key, other: items.get(_key(key), other),
    "put": _put,
    "putAll": _put_all,
    "remove": lambda items, key: items.pop(_key(key), None),
    "keySet": lambda items: list(items),
    "values": lambda items: list(items.values()),
    "entrySet": lambda items: [{"key": key, "value": value} for key, value in items.items()],
    "getKey": lambda items: items.get("key"),
    "getValue": lambda items: items.get("value"),
    "containsKey": lambda items, key: _key(key) in items,
    "containsValue": lambda items, value: value in items.values(),
    "size": len,
    "isEmpty": lambda items: not items,
    "toString": shown,
    "equals": lambda items, other: items == other,
}

OTHER: Mapping[str, Callable[..., Any]] = {
    "toString": shown,
    "equals": lambda value, other: value == other,
    "intValue": lambda value: int(value),
    "longValue": lambda value: int(value),
    "doubleValue": lambda value: float(value),
    "compareTo": lambda value, other: (value > other) - (value < other),
}


def methods_of(value: Value) -> Mapping[str, Callable[..., Any]]:
    """The methods a value has."""
    match value:
        case str():
            return TEXT
        case list():
            return LIST
        case dict():
            return MAP
    return OTHER
