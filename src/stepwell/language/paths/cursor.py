"""A place in a text that is being parsed."""

from __future__ import annotations

from stepwell.language.paths.syntax import PathSyntaxError

SPACES = " \t\r\n"
DIGITS_MAX = 18
"""Longest whole number read from a path; more digits name no array position."""


class Cursor:
    """Reads a text from left to right."""

    __slots__ = ("position", "text")

    def __init__(self, text: str, position: int = 0) -> None:
        self.text = text
        self.position = position

    def peek(self, ahead: int = 0) -> str:
        """The character `ahead` places on, "" past the end."""
        place = self.position + ahead
        return self.text[place : place + 1]

    def take(self, expected: str) -> bool:
        """Step over `expected` if it stands here."""
        if self.text.startswith(expected, self.position):
            self.position += len(expected)
            return True
        return False

    def need(self, expected: str) -> None:
        """Step over `expected`, which must stand here."""
        if not self.take(expected):
            raise self.error(f"Expected '{expected}'")

    def skip_spaces(self) -> None:
        """Step over blanks."""
        while self.peek() and self.peek() in SPACES:
            self.position += 1

    def until(self, stops: str) -> str:
        """The text up to the first of `stops` or the end."""
        start = self.position
        text, end = self.text, len(self.text)
        place = start
        while place < end and text[place] not in stops:
            place += 1
        self.position = place
        return text[start:place]

    def quoted(self) -> str:
        """A string in the quotes that open here.

        A backslash takes the meaning from the quote that delimits the string and from another
        backslash; before any other character it is a character itself.
        """
        quote = self.peek()
        start = self.position
        self.position += 1
        parts: list[str] = []
        while True:
            parts.append(self.until(quote + "\\"))
            if self.take(quote):
                return "".join(parts)
            if not self.peek():
                self.position = start
                raise self.refusal("The string is not closed")
            follower = self.peek(1)
            if follower and follower in quote + "\\":
                parts.append(follower)
                self.position += 2
            else:
                parts.append("\\")
                self.position += 1

    def integer(self) -> int:
        """A whole number, with a minus sign if one stands here."""
        start = self.position
        self.take("-")
        digits = self.position
        while self.peek().isascii() and self.peek().isdigit():
            self.position += 1
        if not 0 < self.position - digits <= DIGITS_MAX:
            self.position = start
            raise self.error("Expected a whole number")
        return int(self.text[start : self.position])

    def error(self, message: str) -> PathSyntaxError:
        """The error of something else standing here than was expected."""
        seen = f"'{self.peek()}'" if self.peek() else "the end"
        return self.refusal(f"{message} but found {seen}")

    def refusal(self, message: str) -> PathSyntaxError:
        """The error of what stands here being well formed and still not allowed."""
        return PathSyntaxError(f"{message} at column {self.position + 1}", self.position)
