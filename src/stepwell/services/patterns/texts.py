"""Matchers of texts. Each is true for texts only, and takes linear time for usual patterns."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TypeAlias

from stepwell.services.patterns.errors import InvalidPattern
from stepwell.values import JsonValue

Matcher: TypeAlias = "Callable[[JsonValue], bool]"
"""Says whether a leaf of an event (not an array, not an object) is wanted."""


def starts_with(prefix: str, *, ignore_case: bool = False) -> Matcher:
    """Texts that begin so."""
    if ignore_case:
        small = prefix.lower()
        return lambda leaf: isinstance(leaf, str) and leaf.lower().startswith(small)
    return lambda leaf: isinstance(leaf, str) and leaf.startswith(prefix)


def ends_with(suffix: str, *, ignore_case: bool = False) -> Matcher:
    """Texts that end so."""
    if ignore_case:
        small = suffix.lower()
        return lambda leaf: isinstance(leaf, str) and leaf.lower().endswith(small)
    return lambda leaf: isinstance(leaf, str) and leaf.endswith(suffix)


def equals_ignoring_case(wanted: str) -> Matcher:
    """That text in small or capital letters."""
    small = wanted.lower()
    return lambda leaf: isinstance(leaf, str) and leaf.lower() == small


def wildcard(pattern: str) -> Matcher:
    r"""Texts of that form: `*` stands for any characters, `\*` for itself."""
    pieces = _pieces(pattern)
    if len(pieces) == 1:
        return lambda leaf: leaf == pieces[0]
    return lambda leaf: isinstance(leaf, str) and _in_order(pieces, leaf)


def _pieces(pattern: str) -> list[str]:
    """What stands between the stars. Positions in errors count from the quote before the text."""
    pieces = [""]
    at = 0
    while at < len(pattern):
        character, following = pattern[at], pattern[at + 1 : at + 2]
        if character == "*":
            if following == "*":
                raise InvalidPattern(f"Consecutive wildcard characters at pos {at + 1}")
            pieces.append("")
        elif character == "\\":
            if following not in ("*", "\\"):
                raise InvalidPattern(f"Invalid escape character at pos {at + 1}")
            pieces[-1] += following
            at += 1
        else:
            pieces[-1] += character
        at += 1
    return pieces


def _in_order(pieces: list[str], text: str) -> bool:
    """The first match of every piece is enough: what follows has the more room."""
    first, last = pieces[0], pieces[-1]
    end = len(text) - len(last)
    if end < len(first) or not text.startswith(first) or not text.endswith(last):
        return False
    at = len(first)
    for piece in pieces[1:-1]:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def cidr(written: str) -> Matcher:
    """Addresses from the given one to the last one of its block."""
    parts = written.split("/")
    if len(parts) != 2:
        raise InvalidPattern("Malformed CIDR, one '/' required")
    try:
        bits = int(parts[1])
    except ValueError:
        raise InvalidPattern("Malformed CIDR, mask bits must be an integer") from None
    if bits < 0:
        raise InvalidPattern("Malformed CIDR, mask bits must not be negative")
    bottom = _address(parts[0])
    if bottom is None:
        raise InvalidPattern(f"Nonstandard IP address: {parts[0]}")
    if bits >= bottom.max_prefixlen:
        raise InvalidPattern(f"IPv{bottom.version} mask bits must be < {bottom.max_prefixlen}")
    low = int(bottom)
    high = low | ((1 << (bottom.max_prefixlen - bits)) - 1)

    def matches(leaf: JsonValue) -> bool:
        address = _address(leaf) if isinstance(leaf, str) else None
        return (
            address is not None
            and address.version == bottom.version
            and low <= int(address) <= high
        )

    return matches


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return IPv6Address(text) if ":" in text else IPv4Address(text)
    except AddressValueError:
        return None
