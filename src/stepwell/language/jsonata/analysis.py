"""What an expression refers to, and whether it could grow without bound.

`analyse` walks the tree once, with a stack of its own. Where nothing is known about an expression
(this parser does not read it), nothing is said against it: it is only treated with care.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stepwell.language.jsonata.grammar import Node, parse
from stepwell.language.jsonata.tokens import NotUnderstood

STATES = "states"
MEMBERS = frozenset({"input", "context", "result", "errorOutput"})
_CALLING = frozenset({"map", "filter", "single", "sift", "each", "sort", "replace"})
"""Functions that call what they are given, once for each element: no growth upon growth."""
_TEXT_MAKING = frozenset({"join", "split", "formatNumber", "formatBase", "merge", "append", "zip"})
_SLOW = frozenset({"distinct", "keys", "match", "shuffle"})
"""Functions that look at all of it for each element: they make little, but take the time."""
_GROWING = frozenset({"reduce", "formatInteger", "range", "pad"})

_Bound = frozenset[str]
_Pending = tuple[Node, _Bound, bool, bool]
"""A node, the names bound around it, whether it has a context item, whether a lambda may stand
here plainly."""


@dataclass(slots=True)
class Analysis:
    """What is known of an expression.

    `members` are those of `$states` that it reads; None for `$states` as a whole. `variables` are
    the free names, functions included. `refused` is what cannot be evaluated: bare names, `$` and
    `$$` where there is no context item. `plain` expressions grow their data no more than by the
    power of their `stages`, each of which may name everything there is `references` times.

    `picked` are the members of members that it reads (`$states.input.order`: input, order), where
    it reads no more of a member than that; `whole` are the members that it reads as they are.
    """

    members: set[str] | None = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    plain: bool = True
    references: int = 0
    stages: int = 0
    picked: dict[str, set[str]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    looks_around: bool = False
    """It may look at what stands beside what it names: a parent, or a join."""

    def picked_of(self, member: str) -> set[str] | None:
        """All that it reads of a member, None when that is not known or the member itself."""
        if self.looks_around or self.members is None or member in self.whole:
            return None
        return self.picked.get(member)


def analyse(text: str) -> Analysis:
    """What the expression refers to."""
    try:
        tree = parse(text)
    except (NotUnderstood, RecursionError):
        return Analysis(members=None, plain=False)
    return _Walk(tree).run()


class _Walk:
    def __init__(self, tree: Node) -> None:
        self.found = Analysis()
        self.pending: list[_Pending] = [(tree, frozenset(), False, False)]

    def run(self) -> Analysis:
        while self.pending:
            self._visit(*self.pending.pop())
        return self.found

    def _visit(self, node: Node, bound: _Bound, context: bool, plain_lambda: bool) -> None:
        match node.kind:
            case "name" | "wildcard":
                self.found.references += 1
                self.found.stages += node.text == "**"
                if not context:
                    self._refuse(f"Reference to '{node.text}' at the top level is not supported.")
            case "variable":
                self._variable(node, bound, context)
            case "path":
                self._path(node, bound, context)
            case "filter" | "group" | "sort":
                self._within(node, bound, context)
            case "block":
                self._block(node, bound, context)
            case "lambda":
                self.found.stages += 1
                self.found.plain = self.found.plain and plain_lambda
                self._push(node.children, bound | set(node.names), True)
            case "call" | "part":
                self._call(node, bound, context)
            case "transform":
                self.found.looks_around = True
                self._push(node.children, bound, True)
            case "chain":
                self._chain(node, bound, context)
            case "parent":
                self.found.looks_around = True
            case "focus":
                self.found.looks_around = True
                self.found.stages += node.text == "#"
                self._push(node.children, bound, context)
            case "bind":
                self.found.stages += 1
                self._push(node.children, bound | {node.text}, context)
            case "binary" if node.text == "..":
                self._range(node, bound, context)
            case _:
                self._push(node.children, bound, context)

    def _range(self, node: Node, bound: _Bound, context: bool) -> None:
        """A range of few elements is a constant; what else it makes is not known."""
        ends = [part.text for part in node.children if part.kind == "constant"]
        few = len(ends) == 2 and all(text.isdecimal() and len(text) <= 3 for text in ends)
        self.found.plain = self.found.plain and few
        self.found.stages += 1
        self.found.references += int(ends[1]) if few else 0
        self._push(node.children, bound, context)

    def _push(self, nodes: tuple[Node, ...], bound: _Bound, context: bool) -> None:
        for node in reversed(nodes):
            self.pending.append((node, bound, context, False))

    def _refuse(self, message: str) -> None:
        if message not in self.found.refused:
            self.found.refused.append(message)

    def _variable(self, node: Node, bound: _Bound, context: bool) -> None:
        name = node.text
        self.found.references += 1
        if name == "$":
            self._refuse("Reference to '$$' is not supported.")
        elif not name:
            if not context:
                self._refuse("Reference to '$' at the top level is not supported.")
        elif name == STATES and name not in bound:
            self.found.members = None
        elif name not in bound:
            self.found.variables.add(name)

    def _path(self, node: Node, bound: _Bound, context: bool) -> None:
        left, right = node.children
        names = frozenset(_focused(left))
        self.pending.append((right, bound | names, True, False))
        self.found.stages += right.kind not in ("name", "filter", "sort")
        first = _first(right)
        if first and STATES not in bound and (member := _member(left)):
            if self.found.members is not None:
                self.found.members.add(member)
            self.found.picked.setdefault(member, set()).add(first)
            return
        if left.kind == "variable" and left.text == STATES and STATES not in bound:
            if right.kind == "name":
                self.found.whole.add(right.text)
                if self.found.members is not None:
                    self.found.members.add(right.text)
                return
            if right.kind in ("filter", "group", "sort") and right.children[0].kind == "name":
                self.found.members = None
                return
        self.pending.append((left, bound, context, False))

    def _within(self, node: Node, bound: _Bound, context: bool) -> None:
        """What is filtered, grouped or sorted is the context of the rest."""
        left, *rest = node.children
        names = frozenset(_focused(left))
        self._push(tuple(rest), bound | names, True)
        self.pending.append((left, bound, context, False))

    def _block(self, node: Node, bound: _Bound, context: bool) -> None:
        """Each expression sees the names that those before it bind."""
        for part in node.children:
            if part.kind == "bind":
                bound = bound | {part.text}
        self._push(node.children, bound, context)

    def _call(self, node: Node, bound: _Bound, context: bool) -> None:
        function, *arguments = node.children
        plain_lambda = False
        if function.kind == "variable" and function.text and function.text not in bound:
            self.found.called.add(function.text)
            self.found.variables.add(function.text)
            plain_lambda = function.text in _CALLING
            self.found.stages += plain_lambda or function.text in _TEXT_MAKING | _SLOW
            if function.text in _GROWING:
                self.found.plain = False
        else:
            self.found.plain = False
            self.pending.append((function, bound, context, False))
        for argument in reversed(arguments):
            if argument.kind != "hole":
                self.pending.append((argument, bound, context, plain_lambda))

    def _chain(self, node: Node, bound: _Bound, context: bool) -> None:
        left, right = node.children
        self.found.stages += 1
        known = right.kind == "variable" and right.text not in bound | _GROWING
        if right.kind not in ("call", "transform") and not known:
            self.found.plain = False
        self._push((left, right), bound, context)


def _first(step: Node) -> str:
    """The name that a step of a path begins with, filtered and sorted or not."""
    while step.kind in ("filter", "sort"):
        step = step.children[0]
    return step.text if step.kind == "name" else ""


def _member(node: Node) -> str:
    """The member of `$states` that a path leads to; empty if it leads elsewhere."""
    if node.kind != "path":
        return ""
    left, right = node.children
    known = left.kind == "variable" and left.text == STATES and right.kind == "name"
    return right.text if known else ""


def _focused(node: Node) -> list[str]:
    """The names that `@$x` and `#$i` bind along a path."""
    names: list[str] = []
    pending = [node]
    while pending:
        found = pending.pop()
        if found.kind == "focus":
            names += found.names
        if found.kind in ("focus", "path", "filter", "sort"):
            pending.extend(found.children)
    return names
