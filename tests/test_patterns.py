"""Strangers' regular expressions: what Python's matcher says, and never longer than a moment."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.patterns import BadPattern, matches_whole, matches_within

PATTERNS = (
    r"[a-zA-Z][-a-zA-Z0-9]*",
    r"^(\d{1,3}\.){3}\d{1,3}$",
    r"[a-z]+(-[a-z0-9]+)*",
    r"^[^\x40]+@[\w.]+\.b{1,3}$",
    r"(?i)A|b.c|(?:ab)?c{0,2}",
    r"(?!a)[\w-]{1,4}(?<!-)",
    r"(?=.*\d)(?=.*[a-z]).{2,5}",
    r"(a*)*b?\b.?",
    r"(?s).{2,}|^$",
    r"(?:a|ab)(?:c|bcd)??\D",
    r"(?m)^a$\n?^b$",
    r"\Aa\Z|\s+",
)


@given(st.sampled_from(PATTERNS), st.text("abcdAB-.@1 \n", max_size=9))
def test_as_python_says(pattern: str, text: str) -> None:
    """The whole text, or a part of it, matches exactly when Python's matcher finds it."""
    assert matches_whole(pattern, text) == (re.fullmatch(pattern, text) is not None)
    assert matches_within(pattern, text) == (re.search(pattern, text) is not None)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(.*)*x$", "a*a*a*a*a*a*b", "(a?){99}b"])
def test_traps(pattern: str) -> None:
    """What keeps Python's matcher busy for years is answered at once."""
    assert not matches_whole(pattern, "a" * 4_000 + "!")


def test_an_ordinary_long_text() -> None:
    """The longest value of a parameter is read in whole."""
    assert matches_whole("^[a-zA-Z0-9 ]*$", "a1 Z" * 1_024)
    assert not matches_whole("^[a-zA-Z0-9 ]*$", "a1 Z" * 1_023 + "!")


@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1", "(", "a" * 20_000, "(" * 5_000 + ")" * 5_000, r"(?>a)b", "(((a?){99}){99}){99}b?"],
)
def test_what_is_not_taken(pattern: str) -> None:
    """No expression, references, or too much work: refused, nothing else."""
    with pytest.raises(BadPattern):
        matches_whole(pattern, "a" * 40_000)
