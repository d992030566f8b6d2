"""What a value of a template refers to, without evaluating it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stepwell.deploy.intrinsics import (
    VARIABLE,
    check_variable,
    get_att_parts,
    sub_parts,
    taken_branch,
)
from stepwell.deploy.scope import Scope
from stepwell.values import JsonValue


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a function refers to: a parameter, a pseudo parameter or a resource."""

    name: str
    attribute: str | None = None
    """Of `Fn::GetAtt`; None for `Ref`. The empty text: a function makes it."""
    pointer: str = ""
    """Where it stands, below the value that was looked through."""


def references(value: JsonValue, scope: Scope | None = None) -> Iterator[Reference]:
    """Every reference in the value; with a scope only those in the branches that are taken.

    Raises ServiceError for a function whose arguments are wrong.
    """
    pending: list[tuple[JsonValue, str]] = [(value, "")]
    while pending:
        part, pointer = pending.pop()
        if isinstance(part, list):
            pending += [(part[at], f"{pointer}/{at}") for at in reversed(range(len(part)))]
        elif isinstance(part, dict):
            inner = dict(part)
            if len(part) == 1:
                name = next(iter(part))
                yield from _of_function(name, part[name], f"{pointer}/{name}")
                if name == "Fn::If" and scope is not None:
                    inner = {name: taken_branch(part[name], scope)}
            pending += [(inner[name], f"{pointer}/{name}") for name in reversed(inner)]


def _of_function(name: str, argument: JsonValue, pointer: str) -> Iterator[Reference]:
    if name == "Ref" and isinstance(argument, str):
        yield Reference(argument, None, pointer)
    elif name == "Fn::GetAtt":
        logical_id, attribute = get_att_parts(argument)
        yield Reference(logical_id, attribute if isinstance(attribute, str) else "", pointer)
    elif name == "Fn::Sub":
        text, own = sub_parts(argument)
        for found in VARIABLE.finditer(text):
            variable = found[1]
            if variable.startswith("!"):
                continue
            check_variable(variable)
            if variable not in own:
                logical_id, _, attribute = variable.partition(".")
                yield Reference(logical_id, attribute or None, pointer)
