"""What a resource type is: its properties, and how a resource of it is made, changed and deleted.

A type makes a resource through the same API operations that a client would call (`Cloud`), so a
stack's resources are ordinary ones. Rules:

- `create` may run twice, because the server was killed meanwhile: then `wanted.repeated` is true,
  and what bears the name (which is the same again) is adopted instead of refused.
- `update` changes in place what may be; a changed property of `replaces` never gets there: a new
  resource is made, and the old one deleted after everything else went well.
- `delete` of what is not there any more is a success.
- A refusal of the API is raised as it came (ServiceError); its text becomes the resource's reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from stepwell.values import JsonObject

NAME_MAX = 255


class Cloud(Protocol):
    """The services, as a stack's account calls them in its region."""

    @property
    def account(self) -> str:
        """Twelve digits."""

    @property
    def region(self) -> str:
        """As in `eu-west-1`."""

    async def call(
        self, service: str, operation: str, params: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Call an operation; `service` is botocore's name (`sqs`, `stepfunctions`, `lambda`).

        Parameters are named as the service's model names them; members that are None are left out.
        Texts stand for numbers, booleans and blobs and the other way round, as templates write
        them. The answer is as the service gives it: timestamps in epoch seconds, blobs as bytes.
        Raises ServiceError: the service's own, or ValidationException for parameters that the
        operation does not have.
        """


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource as the template wants it now, every intrinsic function evaluated."""

    stack_name: str
    stack_id: str
    logical_id: str
    properties: JsonObject
    suffix: str
    """Twelve capitals and digits that make a name unique: the same for each attempt at making this
    resource, others for the one that replaces it."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The stack's own tags, which its resources get too."""
    repeated: bool = False
    """An earlier attempt may have gone through without being recorded."""

    def name(self, given: object, most: int = 64, separator: str = "-") -> str:
        """The name that the template gives, or one made of stack, logical id and suffix."""
        if given is not None:
            return str(given)
        room = max(most - len(self.suffix) - 1, 0)
        stem = f"{self.stack_name}{separator}{self.logical_id}"
        if len(stem) > room:
            # As AWS does, both keep a share of what there is.
            logical = self.logical_id[: max((room - 1) // 2, room - 1 - len(self.stack_name))]
            stem = f"{self.stack_name[: room - 1 - len(logical)]}{separator}{logical}"
        return f"{stem}{separator}{self.suffix}"


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that is there now."""

    id: str
    """The physical id: what `Ref` gives."""
    attributes: JsonObject = field(default_factory=dict)
    """What `Fn::GetAtt` gives, by name."""


@dataclass(frozen=True, slots=True)
class Existing:
    """A resource that was made, with the properties it has."""

    stack_name: str
    logical_id: str
    id: str
    properties: JsonObject
    attributes: JsonObject


Create = Callable[[Cloud, Wanted], Awaitable[Made]]
Update = Callable[[Cloud, Wanted, Existing], Awaitable[Made]]
Delete = Callable[[Cloud, Existing], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One type, `AWS::SQS::Queue`. The sets name properties of the first level."""

    name: str
    create: Create
    delete: Delete
    update: Update | None = None
    """None: every change replaces."""
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    """Properties with an effect that may be left out."""
    without_effect: frozenset[str] = frozenset()
    """Properties that can't matter on this server: kept and shown, nothing more."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Properties of AWS's that this server can't honour, each with the reason."""
    replaces: frozenset[str] = frozenset()
    """Properties whose change needs a new resource."""
    must_replace: Callable[[JsonObject, JsonObject], bool] | None = None
    """Whether a change (properties before, after) needs a new resource although `replaces` names
    nothing of it."""
    attributes: frozenset[str] = frozenset()
    """What `Fn::GetAtt` can ask for. A name that ends with `*` stands for all that begin so."""
    stored_only: bool = False
    """The whole type is kept and listed, without effect. Any property is taken."""
    review: Callable[[JsonObject], list[str]] | None = None
    """What within these properties this server can't honour, in sentences: values, and members
    below the first level. Intrinsic functions may still be in them, and are left alone."""
    any_property: bool = False
    """Properties of any name are handed on: a custom resource's are its function's affair."""
    waits: bool = False
    """Its making waits for an answer from elsewhere; the stack service itself does it."""

    def knows(self, prop: str) -> bool:
        """Whether the type has a property of that name, honoured or not."""
        if self.stored_only or self.any_property:
            return True
        named = (self.required, self.optional, self.without_effect, self.refused)
        return any(prop in names for names in named)

    def has_attribute(self, name: str) -> bool:
        """Whether `Fn::GetAtt` may ask for it."""
        return any(
            name.startswith(known[:-1]) if known.endswith("*") else name == known
            for known in self.attributes
        )
