"""Nothing that is committed names one person's machine or the host of a package registry.

The forbidden words are put together from halves, so that this file does not contain them.
"""

from __future__ import annotations

import re

import pytest

from tests.house.tree import files
from tests.shared import ROOT

WORDS = (
    r"(?<![\w.$}*/-])/wo" + r"rk(?:/|\b)",
    r"(?<![\w.$}*/-])/ro" + r"ot(?:/|\b)",
    r"(?<![\w.$}*/-])/ho" + r"me/\w",
    r"\.lib" + r"rary\b",
    r"py" + r"pi\.org",
    r"python" + r"hosted\.org",
    r"registry\.npm" + r"js",
    r"npm" + r"js\.(?:org|com)",
)
FORBIDDEN = re.compile("|".join(WORDS))
BYTES_READ_MAX = 5_000_000


def leaks(text: str) -> list[str]:
    """The forbidden words in a text, each with its line."""
    return [
        f"{number}: {found[0]}"
        for number, line in enumerate(text.splitlines(), 1)
        if (found := FORBIDDEN.search(line))
    ]


def test_no_file_names_a_machine_or_a_registry() -> None:
    """No text that git would commit holds a forbidden word."""
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{leak}"
        for path in files()
        for leak in leaks(path.read_bytes()[:BYTES_READ_MAX].decode("utf-8", "replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "data: /wo" + "rk/main",
        "'/ro" + "ot/.cache'",
        "https://py" + "pi.org/simple",
        '"resolved": "https://registry.npm' + 'js.org/x"',
    ],
)
def test_the_check_sees_a_leak(text: str) -> None:
    """Each kind of leak is a finding."""
    assert leaks(text)


@pytest.mark.parametrize("text", ["a /workflow", "docs/work/", "the /rootless way", "$HOME/x"])
def test_the_check_lets_other_words_pass(text: str) -> None:
    """Words that only look alike are none."""
    assert leaks(text) == []
