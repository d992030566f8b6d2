"""What a version of a stack wants: its template with the values given, ready to be evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from stepwell.deploy.conditions import active_outputs, scope_of
from stepwell.deploy.intrinsics import resolve
from stepwell.deploy.order import dependencies
from stepwell.deploy.resource_type import Made
from stepwell.deploy.scope import TEXT_MAX, Scope, TextMade, Unresolved
from stepwell.deploy.shaping import as_text
from stepwell.deploy.template import Resource, Template
from stepwell.errors import ServiceError
from stepwell.services.cloudformation.documents import Rules
from stepwell.services.cloudformation.records import StackRow
from stepwell.values import JsonObject, JsonValue

_IMPORT = "Fn::ImportValue"
RESOURCE_TEXTS_MAX = 4 * TEXT_MAX
"""Characters in all texts that functions make for one resource, or for all outputs."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An output, evaluated."""

    key: str
    value: str
    description: str
    export: str
    """Empty: it is not exported."""


@dataclass(frozen=True, slots=True)
class Goal:
    """See the module. Nothing in it changes while the stack does."""

    template: Template
    processed: str
    """The template after transforms, as JSON; empty: it has none."""
    scope: Scope
    needs: Mapping[str, frozenset[str]]
    """What each resource depends on."""

    @classmethod
    def of(
        cls,
        template: Template,
        processed: str,
        stack: StackRow,
        values: Mapping[str, JsonValue],
        notifications: Iterable[str] = (),
    ) -> Goal:
        """The goal of a stack. Raises ServiceError where the template cannot be."""
        scope = scope_of(template, bare_scope(stack, values, notifications))
        return cls(template, processed, scope, dependencies(template, scope))

    @property
    def wanted(self) -> Mapping[str, Resource]:
        """The resources, those behind a false condition left out."""
        return self.scope.declared

    def at(
        self, made: Mapping[str, Made], exports: Mapping[str, str], unknown: str | None = None
    ) -> Scope:
        """The scope with the resources that are there."""
        text_made = TextMade(RESOURCE_TEXTS_MAX)
        return replace(
            self.scope, resources=made, exports=exports, unknown=unknown, text_made=text_made
        )

    def properties(self, logical_id: str, scope: Scope) -> JsonObject:
        """A resource's properties; dynamic references stay. Raises ServiceError."""
        scope = replace(scope, text_made=TextMade(RESOURCE_TEXTS_MAX))
        try:
            value = resolve(self.wanted[logical_id].properties, scope)
        except Unresolved as missing:
            raise _unresolved(missing) from missing
        return value if isinstance(value, dict) else {}

    def rules(self, logical_id: str, scope: Scope) -> Rules:
        """What the template says about a resource beside its properties."""
        resource = self.wanted[logical_id]
        scope = replace(scope, text_made=TextMade(RESOURCE_TEXTS_MAX))
        policies: JsonObject = {}
        for name, value in (
            ("CreationPolicy", resource.creation_policy),
            ("UpdatePolicy", resource.update_policy),
        ):
            if value is not None:
                policies[name] = resolve(value, scope)
        return Rules(
            resource.deletion_policy or "",
            resource.update_replace_policy or "",
            sorted(self.needs[logical_id]),
            resource.metadata,
            policies,
        )

    def outputs(self, scope: Scope) -> list[Shown]:
        """The outputs whose condition holds. Raises ServiceError."""
        shown = []
        for name, output in active_outputs(self.template, scope).items():
            try:
                value = resolve(output.value, scope)
                export = resolve(output.export_name, scope)
            except Unresolved as missing:
                raise _unresolved(missing) from missing
            if value is None or isinstance(value, (dict, list)):
                raise ServiceError(
                    "ValidationError",
                    f"Template format error: Output {name} is malformed. The Value field of every "
                    "Outputs member must evaluate to a String.",
                )
            shown.append(Shown(name, as_text(value), output.description, as_text(export)))
        return shown

    def imports(self, exports: Mapping[str, str]) -> set[str]:
        """The exports of other stacks that it uses. Raises ServiceError for one that is missing."""
        scope = self.at({}, exports, unknown="")
        names = set()
        for argument in self._import_arguments():
            name = as_text(resolve(argument, scope))
            if name not in exports:
                raise ServiceError("ValidationError", f"No export named {name} found.")
            names.add(name)
        return names

    def _import_arguments(self) -> Iterator[JsonValue]:
        outputs = active_outputs(self.template, self.scope)
        parts: list[JsonValue] = [resource.properties for resource in self.wanted.values()]
        parts += [output.value for output in outputs.values()]
        for part in parts:
            for value in _values_in(part):
                if isinstance(value, dict) and len(value) == 1 and _IMPORT in value:
                    yield value[_IMPORT]


def bare_scope(
    stack: StackRow, values: Mapping[str, JsonValue], notifications: Iterable[str] = ()
) -> Scope:
    """What functions see before anything of the template is evaluated."""
    account, _, region = stack.scope.partition(":")
    return Scope(
        account,
        region,
        stack.name,
        stack.id,
        parameters=values,
        notification_arns=tuple(notifications),
    )


def _values_in(value: JsonValue) -> Iterator[JsonValue]:
    """The value and everything in it."""
    pending = [value]
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, dict):
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(part)


def _unresolved(missing: Unresolved) -> ServiceError:
    return ServiceError(
        "ValidationError",
        f"Unresolved resource dependencies [{missing.logical_id}] in the Resources block of the "
        "template",
    )
