"""What the library says of an expression that it cannot read, in the reference's words.

The library names its tokens (`Expected RightBracket, got Comma`); the reference, and AWS with it,
shows the characters (`Expected "]", got ","`).
"""

from __future__ import annotations

import json
import re

_SYMBOLS = {
    "Ampersand": "&",
    "And": "and",
    "At": "@",
    "Caret": "^",
    "Colon": ":",
    "ColonEqual": ":=",
    "Comma": ",",
    "Dot": ".",
    "DotDot": "..",
    "Equal": "=",
    "GreaterThan": ">",
    "GreaterThanOrEqual": ">=",
    "Hash": "#",
    "In": "in",
    "LeftBrace": "{",
    "LeftBracket": "[",
    "LeftParen": "(",
    "LessThan": "<",
    "LessThanOrEqual": "<=",
    "Minus": "-",
    "NotEqual": "!=",
    "Or": "or",
    "Percent": "%",
    "Pipe": "|",
    "Plus": "+",
    "Question": "?",
    "QuestionColon": "?:",
    "QuestionQuestion": "??",
    "RightBrace": "}",
    "RightBracket": "]",
    "RightParen": ")",
    "Semicolon": ";",
    "Slash": "/",
    "Star": "*",
    "StarStar": "**",
    "TildeArrow": "~>",
}
_WORDS = {"True": "true", "False": "false", "Null": "null"}

_TOKEN = r'[A-Z][A-Za-z]*(?:\((?:"(?:[^"\\]|\\.)*"|[-+.\dEe]+)\))?'
_EXPECTED = re.compile(rf"(Expected )({_TOKEN})(, got )({_TOKEN})", re.DOTALL)
_NAMED = re.compile(
    rf"(The symbol |Syntax error: |Expected )({_TOKEN})( cannot be used| before end|$)", re.DOTALL
)
_CONTENT = re.compile(r"[A-Za-z]+\((.*)\)", re.DOTALL)


def reference_words(message: str) -> str:
    """The message with characters in place of the library's names for them."""
    if found := _EXPECTED.search(message):
        start, end = found.span()
        told = f"{found[1]}{_shown(found[2])}{found[3]}{_shown(found[4])}"
        return f"{message[:start]}{told}{message[end:]}"
    return _NAMED.sub(lambda found: f"{found[1]}{_shown(found[2])}{found[3]}", message, count=1)


def _shown(token: str) -> str:
    if token in _SYMBOLS:
        return json.dumps(_SYMBOLS[token])
    content = _CONTENT.fullmatch(token)
    if content is None:
        return _WORDS.get(token, token)
    return content[1].removesuffix(".0")
