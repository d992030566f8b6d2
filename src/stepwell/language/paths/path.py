"""Paths, compiled: text in, one small object with a `read` function out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from stepwell.language.budget import begin
from stepwell.language.paths.parse import parse_path
from stepwell.language.paths.select import NotFound, Walk, compile_walk
from stepwell.language.paths.syntax import PathSyntaxError, Step, is_definite, is_simple
from stepwell.language.program import Environment, Evaluate
from stepwell.values import JsonValue

PATH_CHARACTERS_MAX = 65_536
KNOWN_CHARACTERS_MAX, KNOWN_MAX = 250, 4_096
"""So long paths are remembered, and so many."""


class PathNotFound(Exception):
    """A definite path names nothing.

    `path` is the path as written, `reason` the sentence of AWS's path library, such as
    `No results for path: $['X']`.
    """

    def __init__(self, path: str, why: Callable[[], str]) -> None:
        super().__init__()
        self.path = path
        self._why = why

    @property
    def reason(self) -> str:
        """Why nothing was found; made only when it is asked for, as it may show the data."""
        return self._why()

    def __str__(self) -> str:
        return f"Invalid path '{self.path}' : {self.reason}"


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path.

    `root` is `$` (the data), `$$` (the context object) or `$name` (a variable, then `variable` is
    its name). `definite` paths give one value and raise PathNotFound when there is none; others
    give a list. `read(data, env)` gives the value itself, not a copy: nobody may change it.
    """

    text: str
    root: str
    variable: str
    definite: bool
    steps: tuple[Step, ...]
    read: Evaluate


def compile_path(text: str) -> Path:
    """The compiled path. Raises PathSyntaxError."""
    stripped = text.strip()
    if len(stripped) > PATH_CHARACTERS_MAX:
        raise PathSyntaxError(f"A path has at most {PATH_CHARACTERS_MAX} characters")
    return _known(stripped) if len(stripped) <= KNOWN_CHARACTERS_MAX else _compile(stripped)


def _compile(text: str) -> Path:
    root, steps = parse_path(text)
    read = _reader(text, root, steps)
    return Path(
        text, root, "" if root in ("$", "$$") else root[1:], is_definite(steps), steps, read
    )


_known = lru_cache(maxsize=KNOWN_MAX)(_compile)
"""A definition's paths are met when it is checked, compiled and searched for variables."""


def _reader(text: str, root: str, steps: tuple[Step, ...]) -> Evaluate:
    read = _plain_reader(text, root, steps)
    if all(map(is_simple, steps)):
        return read

    def counted(data: JsonValue, env: Environment) -> JsonValue:
        begin(env)
        return read(data, env)

    return counted


def _plain_reader(text: str, root: str, steps: tuple[Step, ...]) -> Evaluate:
    walk = compile_walk(steps)
    if root == "$":
        return _data_reader(text, walk) if steps else lambda data, _env: data
    if root == "$$":
        return _context_reader(text, walk)
    return _variable_reader(text, root[1:], walk)


def _data_reader(text: str, walk: Walk) -> Evaluate:
    def read(data: JsonValue, _env: Environment) -> JsonValue:
        try:
            return walk(data)
        except NotFound as error:
            raise PathNotFound(text, error.__str__) from None

    return read


def _context_reader(text: str, walk: Walk) -> Evaluate:
    def read(_data: JsonValue, env: Environment) -> JsonValue:
        try:
            return walk(env.context)
        except NotFound as error:
            raise PathNotFound(text, error.__str__) from None

    return read


def _variable_reader(text: str, name: str, walk: Walk) -> Evaluate:
    def read(_data: JsonValue, env: Environment) -> JsonValue:
        variables = env.variables
        if name not in variables:
            raise PathNotFound(text, lambda: f"No results for path: ${name}")
        try:
            return walk(variables[name])
        except NotFound as error:
            raise PathNotFound(text, error.__str__) from None

    return read
