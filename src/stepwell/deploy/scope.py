"""What a template's functions can see: pseudo parameters, parameters, mappings, conditions and the
resources that are there.

A scope is made once per operation on a stack; `resources` may be a mapping that grows while the
stack is being made. What is not there yet is `Unresolved`, unless the scope has a text that stands
for it (`unknown`), as change sets show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stepwell.deploy.refusals import format_error, template_error
from stepwell.deploy.resource_type import Made
from stepwell.deploy.shaping import as_text
from stepwell.deploy.template import Resource
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""What a change set shows for a value that only its execution can know."""

PSEUDO_PARAMETERS = frozenset(
    {
        "AWS::AccountId",
        "AWS::NoValue",
        "AWS::NotificationARNs",
        "AWS::Partition",
        "AWS::Region",
        "AWS::StackId",
        "AWS::StackName",
        "AWS::URLSuffix",
    }
)


TEXT_MAX = 1_048_576
"""Characters in one text that functions make: as many as the largest template has bytes."""
TEXTS_MAX = 32 * TEXT_MAX
"""Characters in all texts that the functions of a template make."""


class TextMade:
    """Counts what functions make. A template that repeats what it repeats would fill any memory."""

    __slots__ = ("_left",)

    def __init__(self, characters_max: int = TEXTS_MAX) -> None:
        self._left = characters_max

    def count(self, characters: int) -> None:
        """So much more was made. Raises ServiceError when it is too much."""
        self._left -= characters
        if self._left < 0:
            raise template_error("functions make too much text")


class Unresolved(Exception):
    """A resource that is referred to is not there yet. Never shown to users."""

    def __init__(self, logical_id: str, attribute: str | None = None) -> None:
        super().__init__(logical_id, attribute)
        self.logical_id = logical_id
        self.attribute = attribute
        """None: its physical id."""


@dataclass(frozen=True, slots=True)
class Scope:
    """See the module. Made by `conditions.scope_of`."""

    account: str
    region: str
    stack_name: str
    stack_id: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    """Values as `Ref` gives them: texts, or lists of texts."""
    mappings: JsonObject = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    """Every condition of the template, evaluated."""
    declared: Mapping[str, Resource] = field(default_factory=dict)
    """The resources that the template makes, those behind a false condition left out."""
    resources: Mapping[str, Made] = field(default_factory=dict)
    """Those that are there, by logical id."""
    exports: Mapping[str, str] = field(default_factory=dict)
    """What other stacks of the account and region export."""
    notification_arns: tuple[str, ...] = ()
    partition: str = "aws"
    url_suffix: str = "amazonaws.com"
    unknown: str | None = None
    """What stands for a resource that is not there yet; None: `Unresolved` is raised."""
    block: str = "Resources"
    """The section whose values are evaluated, for the sentences of refusals."""
    text_made: TextMade = field(default_factory=TextMade, compare=False)
    """Shared by all scopes made of this one: who evaluates again and again brings a new one."""

    def reference(self, name: str) -> JsonValue:
        """What `Ref` gives; None for AWS::NoValue. Raises Unresolved and ServiceError."""
        if name in self.parameters:
            return self.parameters[name]
        if name in PSEUDO_PARAMETERS:
            return self._pseudo(name)
        made = self.resources.get(name)
        if made is not None and name in self.declared:
            return made.id
        return self._later(name, None)

    def attribute(self, logical_id: str, name: str) -> JsonValue:
        """What `Fn::GetAtt` gives. Raises Unresolved and ServiceError."""
        made = self.resources.get(logical_id)
        if made is None or logical_id not in self.declared:
            if logical_id not in self.declared:
                raise undefined_in_get_att(logical_id)
            return self._later(logical_id, name)
        return _attribute(made.attributes, logical_id, name)

    def mapped(self, name: str, top: str, second: str) -> JsonValue:
        """The value in a mapping; None when the mapping does not have it."""
        if name not in self.mappings:
            raise template_error(
                f"Mapping named '{name}' is not present in the 'Mappings' section of template."
            )
        level: JsonValue = self.mappings[name]
        for key in (top, second):
            level = level.get(key) if isinstance(level, dict) else None
        return level

    def condition(self, name: str) -> bool:
        """Whether a condition holds. Raises ServiceError when there is none of that name."""
        if name not in self.conditions:
            raise format_error(
                f"Unresolved condition dependency {name} in the {self.block} block of the template"
            )
        return self.conditions[name]

    def _later(self, logical_id: str, attribute: str | None) -> JsonValue:
        if logical_id not in self.declared:
            raise unresolved_dependencies([logical_id], self.block)
        if self.unknown is not None:
            return self.unknown
        raise Unresolved(logical_id, attribute)

    def _pseudo(self, name: str) -> JsonValue:
        match name:
            case "AWS::AccountId":
                return self.account
            case "AWS::Region":
                return self.region
            case "AWS::StackName":
                return self.stack_name
            case "AWS::StackId":
                return self.stack_id
            case "AWS::Partition":
                return self.partition
            case "AWS::URLSuffix":
                return self.url_suffix
            case "AWS::NotificationARNs":
                return list(self.notification_arns)
        return None


def unresolved_dependencies(names: Iterable[str], block: str) -> ServiceError:
    """What a reference to something that the template does not have is refused with."""
    listed = f"[{', '.join(names)}]"
    if block == "Conditions":
        return format_error(
            f"Unresolved dependencies {listed}. Cannot reference resources in the Conditions block "
            "of the template"
        )
    return format_error(
        f"Unresolved resource dependencies {listed} in the {block} block of the template"
    )


def undefined_in_get_att(name: str) -> ServiceError:
    """What an attribute of something that the template does not have is refused with."""
    return template_error(f"instance of Fn::GetAtt references undefined resource {name}")


def _attribute(attributes: JsonObject, logical_id: str, name: str) -> JsonValue:
    """An attribute by its name, or by a dotted path into one that is an object."""
    if name in attributes:
        return attributes[name]
    level: JsonValue = attributes
    for part in name.split("."):
        if not isinstance(level, dict) or part not in level:
            raise template_error(
                f"resource {logical_id} does not support attribute type {as_text(name)} in "
                "Fn::GetAtt"
            )
        level = level[part]
    return level
