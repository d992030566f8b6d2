"""AWS service models, trimmed, read when a service is first asked for.

A `Ref` is a use of a shape in some place, with that place's traits; a `Shape` is the shape itself.
Shapes may refer to themselves, so references are names that the model resolves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias, cast

from stepwell import values

Traits: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True, slots=True)
class Ref:
    """A place where a shape is used: a member, a list item, a map key or value, a payload."""

    shape: str
    traits: Traits


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape. `item` is a list's member; `key` and `value` belong to maps."""

    name: str
    type: str
    members: Mapping[str, Ref]
    required: tuple[str, ...]
    item: Ref | None
    key: Ref | None
    value: Ref | None
    traits: Traits


@dataclass(frozen=True, slots=True)
class OperationModel:
    """One operation: what goes in, what comes out, which errors it names."""

    name: str
    input: Ref | None
    output: Ref | None
    errors: tuple[str, ...]
    traits: Traits


@dataclass(frozen=True, slots=True)
class ServiceModel:
    """A service as AWS describes it."""

    name: str
    metadata: Traits
    operations: Mapping[str, OperationModel]
    shapes: Mapping[str, Shape]

    @property
    def protocol(self) -> str:
        """The protocol AWS prefers for it: `json`, `query`, `rest-json`, `rest-xml`."""
        return cast(str, self.metadata["protocol"])

    @property
    def signing_name(self) -> str:
        """The service's name in credential scopes."""
        return cast(str, self.metadata.get("signingName", self.metadata["endpointPrefix"]))

    @property
    def speaks_query(self) -> bool:
        """True when the Query protocol works, as the first or the older way."""
        return self.protocol == "query" or "awsQueryCompatible" in self.metadata

    def shape(self, ref: Ref) -> Shape:
        """The shape used there."""
        return self.shapes[ref.shape]


@cache
def load(name: str) -> ServiceModel:
    """The model of a service by botocore's name. Raises LookupError when there is none."""
    path = files("stepwell.models") / "data" / f"{name}.json"
    if not path.is_file():
        raise LookupError(f"no service model {name!r}")
    document = cast("dict[str, Any]", values.decode(path.read_bytes()))
    return ServiceModel(
        name=name,
        metadata=document["metadata"],
        operations={key: _operation(key, raw) for key, raw in document["operations"].items()},
        shapes={key: _shape(key, raw) for key, raw in document["shapes"].items()},
    )


def known_services() -> tuple[str, ...]:
    """The services there are models of."""
    folder = files("stepwell.models") / "data"
    return tuple(
        sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name[-5:] == ".json")
    )


def _operation(name: str, raw: dict[str, Any]) -> OperationModel:
    return OperationModel(
        name=name,
        input=_ref(raw.get("input")),
        output=_ref(raw.get("output")),
        errors=tuple(error["shape"] for error in raw.get("errors", ())),
        traits={key: raw[key] for key in raw if key not in ("input", "output", "errors", "name")},
    )


def _shape(name: str, raw: dict[str, Any]) -> Shape:
    parts = ("type", "members", "required", "member", "key", "value")
    return Shape(
        name=name,
        type=raw["type"],
        members={key: _present(ref) for key, ref in raw.get("members", {}).items()},
        required=tuple(raw.get("required", ())),
        item=_ref(raw.get("member")),
        key=_ref(raw.get("key")),
        value=_ref(raw.get("value")),
        traits={key: raw[key] for key in raw if key not in parts},
    )


def _ref(raw: dict[str, Any] | None) -> Ref | None:
    return None if raw is None else _present(raw)


def _present(raw: dict[str, Any]) -> Ref:
    return Ref(raw["shape"], {key: raw[key] for key in raw if key != "shape"})
