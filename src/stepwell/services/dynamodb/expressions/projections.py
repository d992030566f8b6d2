"""ProjectionExpression: parsing, and cutting an item down to some of its paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from stepwell.services.dynamodb.attribute_values import AttributeValue, Item
from stepwell.services.dynamodb.expressions.operands import Reader
from stepwell.services.dynamodb.expressions.placeholders import Placeholders
from stepwell.services.dynamodb.expressions.tokens import Tokens
from stepwell.services.dynamodb.expressions.tree import Path, shown_path

Tree: TypeAlias = "dict[str | int, Tree]"
"""Paths by their parts; an empty one takes everything."""


def parse_projection(text: str, placeholders: Placeholders) -> list[Path]:
    """The paths of a ProjectionExpression. Raises ValidationException."""
    tokens = Tokens(text, "ProjectionExpression")
    reader = Reader(tokens, placeholders)
    paths = [reader.path()]
    while tokens.accept(","):
        paths.append(reader.path())
    if tokens.next.kind != "end":
        raise tokens.unexpected()
    check_apart(paths, tokens)
    return paths


def check_apart(paths: Sequence[Path], tokens: Tokens) -> None:
    """Refuse paths of which one contains another, or that take a place for two kinds of things."""
    seen: list[Path] = []
    for path in paths:
        for other in seen:
            shared = min(len(path), len(other))
            both = f"path one: {shown_path(other)}, path two: {shown_path(path)}"
            if path[:shared] == other[:shared]:
                raise tokens.error(
                    "Two document paths overlap with each other; must remove or rewrite one of"
                    f" these paths; {both}"
                )
            differ = next(at for at in range(shared) if path[at] != other[at])
            if type(path[differ]) is not type(other[differ]):
                raise tokens.error(
                    "Two document paths conflict with each other; must remove or rewrite one of"
                    f" these paths; {both}"
                )
        seen.append(path)


def project(item: Item, paths: Sequence[Path]) -> Item:
    """What is at those paths, in the structure it stands in."""
    cut = _cut({"M": item}, _tree(paths))
    return {} if cut is None else cut["M"]


def _tree(paths: Sequence[Path]) -> Tree:
    root: Tree = {}
    for path in paths:
        node = root
        for part in path:
            node = node.setdefault(part, {})
    return root


def _cut(value: AttributeValue, tree: Tree) -> AttributeValue | None:
    if not tree:
        return value
    if "M" in value:
        kept = {}
        for name, below in tree.items():
            inner = value["M"].get(name)
            cut = None if inner is None else _cut(inner, below)
            if cut is not None:
                kept[name] = cut
        return {"M": kept} if kept else None
    if "L" in value:
        members = value["L"]
        positions = sorted(at for at in tree if isinstance(at, int) and at < len(members))
        cuts = [_cut(members[at], tree[at]) for at in positions]
        found = [cut for cut in cuts if cut is not None]
        return {"L": found} if found else None
    return None
