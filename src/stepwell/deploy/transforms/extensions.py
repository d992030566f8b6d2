"""`AWS::LanguageExtensions`: loops are written out, and functions where CloudFormation itself wants
constants (names in `Ref`, policies of resources) are evaluated.

`Fn::Length`, `Fn::ToJsonString` and defaults of `Fn::FindInMap` that need resources are left for
when these are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stepwell.deploy.intrinsics import resolve, resolve_text
from stepwell.deploy.refusals import refused
from stepwell.deploy.scope import Scope
from stepwell.deploy.shaping import as_text
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue, encode

LOOP = "Fn::ForEach::"
LOOPS_DEEP_MAX = 5
WRITTEN_BYTES_MAX = 4_000_000
"""What all loops of a template may write out."""

_POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")
_EVALUATED = ("Fn::FindInMap", "Fn::Length", "Fn::ToJsonString")


def extended(document: JsonObject, scope: Scope) -> JsonObject:
    """The document without loops. Raises ServiceError."""
    written = _Loops(scope).value(document, {}, 0)
    assert isinstance(written, dict)
    settled = _settled(written, scope)
    assert isinstance(settled, dict)
    resources = settled.get("Resources")
    if isinstance(resources, dict):
        resources = {name: _with_policies(item, scope) for name, item in resources.items()}
        settled = {**settled, "Resources": resources}
    return settled


class _Loops:
    """Writes loops out, so much and no more."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._bytes = 0

    def value(self, value: JsonValue, names: Mapping[str, str], depth: int) -> JsonValue:
        """The value with the loops' variables in place."""
        if isinstance(value, str):
            return _with_names(value, names)
        if isinstance(value, list):
            return [self.value(item, names, depth) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and isinstance(value.get("Ref"), str) and value["Ref"] in names:
            return names[as_text(value["Ref"])]
        members: JsonObject = {}
        for name, item in value.items():
            if name.startswith(LOOP):
                added = self._loop(name, item, names, depth + 1)
            else:
                added = {_with_names(name, names): self.value(item, names, depth)}
            twice = [key for key in added if key in members]
            if twice:
                raise _failed(f"the name {twice[0]} is made twice")
            members.update(added)
        return members

    def _loop(self, name: str, loop: JsonValue, names: Mapping[str, str], depth: int) -> JsonObject:
        if depth > LOOPS_DEEP_MAX:
            raise _failed(f"loops are nested deeper than {LOOPS_DEEP_MAX}")
        if not isinstance(loop, list) or len(loop) != 3:
            raise _failed(f"Layout for {name} is incorrect: it is a list of three elements")
        variable, collection, body = loop
        if not isinstance(variable, str) or not variable or not isinstance(body, dict):
            raise _failed(f"Layout for {name} is incorrect: a name, a collection and an object")
        size = len(encode(body))
        members: JsonObject = {}
        for item in self._items(name, collection, names, depth):
            self._bytes += size
            if self._bytes > WRITTEN_BYTES_MAX:
                raise _failed(f"loops write more than {WRITTEN_BYTES_MAX} bytes")
            made = self.value(body, {**names, variable: item}, depth)
            assert isinstance(made, dict)
            twice = [key for key in made if key in members]
            if twice:
                raise _failed(f"{name} makes the name {twice[0]} twice")
            members.update(made)
        return members

    def _items(
        self, name: str, collection: JsonValue, names: Mapping[str, str], depth: int
    ) -> list[str]:
        items = resolve(self.value(collection, names, depth), self._scope)
        flat: list[JsonValue] = []
        for item in items if isinstance(items, list) else [None]:
            flat.extend(item) if isinstance(item, list) else flat.append(item)
        if any(item is None or isinstance(item, (dict, list)) for item in flat):
            raise _failed(f"the collection of {name} must be a list of strings")
        return [as_text(item) for item in flat]


def _with_names(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        if name in text:
            text = text.replace(f"${{{name}}}", value)
            text = text.replace(f"&{{{name}}}", "".join(filter(str.isalnum, value)))
    return text


def _settled(value: JsonValue, scope: Scope) -> JsonValue:
    """The value with constants where CloudFormation wants them."""
    if isinstance(value, list):
        return [_settled(item, scope) for item in value]
    if not isinstance(value, dict):
        return value
    settled: JsonObject = {name: _settled(item, scope) for name, item in value.items()}
    if len(settled) != 1:
        return settled
    name, argument = next(iter(settled.items()))
    if name in ("Ref", "Fn::GetAtt") and not isinstance(argument, str):
        return {name: _constants(argument, scope)}
    if name == "Fn::Sub" and isinstance(argument, str) and "${" not in argument:
        return argument
    if name in _EVALUATED:
        return _or_later(lambda: resolve(settled, scope), settled)
    return settled


def _constants(argument: JsonValue, scope: Scope) -> JsonValue:
    """The name of a resource, and that of its attribute, as texts."""
    refusal = "names of resources and attributes must be strings"
    if isinstance(argument, list):
        return [resolve_text(part, scope, refusal) for part in argument]
    return resolve_text(argument, scope, refusal)


def _or_later(evaluate: Callable[[], JsonValue], otherwise: JsonValue) -> JsonValue:
    try:
        return evaluate()
    except ServiceError:
        # It needs what is not there yet, or is wrong: then it is refused where it stands.
        return otherwise


def _with_policies(resource: JsonValue, scope: Scope) -> JsonValue:
    if not isinstance(resource, dict):
        return resource
    changed = dict(resource)
    for name in _POLICIES:
        if isinstance(resource.get(name), dict):
            policy = resolve(resource[name], scope)
            if policy is None:
                del changed[name]
            else:
                changed[name] = policy
    return changed


def _failed(reason: str) -> ServiceError:
    return refused(f"Transform AWS::LanguageExtensions failed with: {reason}")
