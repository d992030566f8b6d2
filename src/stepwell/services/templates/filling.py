"""A template filled in: `<name>` stands for a variable.

Outside quotes a value becomes JSON. Within quotes a text is put in as it is, anything else as JSON
without its quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stepwell.values import JsonValue, encode_text

CHARACTERS_MAX = 6_291_456
"""More than any target takes: a template may repeat what is large, again and again."""


class TooLong(ValueError):
    """The template makes too much text."""


Write = Callable[[str, bool], str]
"""(name of a variable, whether it stands within quotes) -> what is put in."""


def fill(template: str, variable: re.Pattern[str], write: Write) -> str:
    """The template with every variable that the pattern finds written out; group 1 is its name.

    Raises TooLong.
    """
    pieces: list[str] = []
    end, quoted, left = 0, False, CHARACTERS_MAX
    for found in variable.finditer(template):
        before = template[end : found.start()]
        quoted = _ends_quoted(before, quoted)
        pieces.append(before)
        pieces.append(write(found[1], quoted))
        left -= len(pieces[-1])
        if left < 0:
            raise TooLong(f"the template makes more than {CHARACTERS_MAX:,} characters")
        end = found.end()
    pieces.append(template[end:])
    return "".join(pieces)


def written(value: JsonValue, *, quoted: bool, whole: bool = False) -> str:
    """A value as it stands in a template. `whole` keeps the quotes of what is no text."""
    text = encode_text(value)
    if not quoted:
        return text
    if isinstance(value, str):
        return text[1:-1]
    return text if whole else text.replace("\\", "").replace('"', "")


def _ends_quoted(text: str, quoted: bool) -> bool:
    """Whether a text ends within quotes when it begins so or not."""
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        at += 1
    return quoted
