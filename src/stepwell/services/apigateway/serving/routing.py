"""Which resource or route a request comes to.

Precedence at each part of the path: its very text, then a variable, then a greedy variable; and a
way that ends in nothing is gone back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

PARTS_MAX = 200


@dataclass(slots=True)
class _Node(Generic[T]):
    fixed: dict[str, _Node[T]] = field(default_factory=dict)
    variable: _Node[T] | None = None
    greedy: _Node[T] | None = None
    name: str = ""
    """The variable's name, where this node is one."""
    methods: dict[str, T] = field(default_factory=dict)


class Router(Generic[T]):
    """Things by method and path. A method of `ANY` takes what no other takes."""

    def __init__(self, entries: Iterable[tuple[str, str, T]]) -> None:
        self._root: _Node[T] = _Node()
        self._names: dict[int, list[str]] = {}
        for method, path, thing in entries:
            self._add(method, path, thing)

    def _add(self, method: str, path: str, thing: T) -> None:
        node = self._root
        for part in _parts(path):
            found = re.fullmatch(r"\{(.+?)(\+?)\}", part)
            if found is None:
                node = node.fixed.setdefault(part, _Node())
            elif found[2]:
                node.greedy = node.greedy or _Node(name=found[1])
                node = node.greedy
            else:
                node.variable = node.variable or _Node(name=found[1])
                node = node.variable
        node.methods[method] = thing

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """The thing for a method and path, and the variables of the path."""
        parts = _parts(path)
        if len(parts) > PARTS_MAX:
            return None
        return self._find(self._root, parts, 0, method)

    def methods(self, path: str) -> list[str]:
        """The methods for which there is something at a path."""
        known = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
        return [method for method in known if self.find(method, path)]

    def _find(
        self, node: _Node[T], parts: list[str], at: int, method: str
    ) -> tuple[T, dict[str, str]] | None:
        if at == len(parts):
            thing = node.methods.get(method, node.methods.get("ANY"))
            return None if thing is None else (thing, {})
        fixed = node.fixed.get(parts[at])
        if fixed is not None and (found := self._find(fixed, parts, at + 1, method)):
            return found
        if node.variable is not None and parts[at]:
            found = self._find(node.variable, parts, at + 1, method)
            if found:
                found[1][node.variable.name] = parts[at]
                return found
        if node.greedy is not None:
            thing = node.greedy.methods.get(method, node.greedy.methods.get("ANY"))
            if thing is not None:
                return thing, {node.greedy.name: "/".join(parts[at:])}
        return None


def _parts(path: str) -> list[str]:
    bare = path.strip("/") if path.strip("/") else ""
    return bare.split("/") if bare else []
