"""Patterns in filters: as Python's engine matches them, and never for ever."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwell.language.budget import begin
from stepwell.language.paths.patterns import BadPattern, compile_pattern
from tests.language.data_environment import NOTHING

ATOMS = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", r"\w", r"\d", r"\b", "^", "$", "(?i:A)", r"[b-c\s]", "ä"]
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = inner.map(lambda body: f"(?:{body})")
    repeats = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}?", "*?", "{2,}"])
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("|".join),
        st.tuples(groups, repeats).map("".join),
    )


PATTERNS = st.recursive(ATOMS, _grown, max_leaves=6)
TEXTS = st.text(alphabet="abcAB1ä \n", max_size=7)
FLAGS = st.sampled_from([re.NOFLAG, re.IGNORECASE, re.DOTALL, re.MULTILINE])


@given(pattern=PATTERNS, text=TEXTS, flags=FLAGS)
def test_patterns_match_as_pythons_do(pattern: str, text: str, flags: re.RegexFlag) -> None:
    """Whatever runs a pattern, it matches the texts that Python's engine matches."""
    try:
        ours = compile_pattern(pattern, flags)
    except BadPattern:
        return
    begin(NOTHING)
    assert bool(ours.fullmatch(text)) is (re.compile(pattern, flags).fullmatch(text) is not None)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*b", "(a|aa)+b", "(.*)*b", "a*a*a*a*a*a*b", "(a?){40}a{40}b", "((a*)*)*b"],
)
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    """What would backtrack for ever answers soon, on long texts too."""
    compiled = compile_pattern(pattern, re.NOFLAG)
    begin(NOTHING)
    assert not compiled.fullmatch("a" * 50_000 + "c")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"(\w+\.)+com", "www.example.com", True),
        (r"(\w+\.)+com", "www.example.org", False),
        (r".*foo.*bar.*", "a foo b bar", True),
        (r"(?!test).*", "production", True),
        (r"(?!test).*", "testing", False),
        (r"\d{4}-\d{2}-\d{2}(T.*)?", "2026-11-21T01:00", True),
        (r"(a)\1", "aa", True),
    ],
)
def test_what_users_write(pattern: str, text: str, matches: bool) -> None:
    """Patterns as they are written in filters."""
    begin(NOTHING)
    assert bool(compile_pattern(pattern, re.NOFLAG).fullmatch(text)) is matches


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "missing"),
        ("a{5,2}", "min repeat greater"),
        (r"(a+)\1", "looks around or back"),
        ("(?=a*)b*", "looks around or back"),
        ("(?>a*)*b", "looks around or back"),
        ("(" * 5_000 + "a*b*" + ")" * 5_000, "recursion"),
        ("(ab|c){2000}", "more than 1000 parts"),
    ],
)
def test_patterns_that_are_refused(pattern: str, reason: str) -> None:
    """What is no pattern, or could not be bounded, is refused with the reason."""
    with pytest.raises(BadPattern, match=reason):
        compile_pattern(pattern, re.NOFLAG)
