"""Types that are stored, without effect: nothing on this server could act on them.

They get a physical id and the attributes that other resources refer to, so that a template which
has an alarm or a key beside what matters deploys as it is. `stepwell doctor` and the stack's events
say of each that it has no effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import NAMESPACE_URL, uuid5

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.deploy.shaping import as_text
from stepwell.values import JsonValue

Shown = str | tuple[str, ...]
"""An attribute's pattern; several make a list."""


def stored_type(
    name: str,
    *,
    name_property: str | None = None,
    name_prefix: str = "",
    reference: str = "{name}",
    attributes: Mapping[str, Shown] | None = None,
) -> ResourceType:
    """A type that is only kept.

    The patterns `reference` (what `Ref` gives) and `attributes` may use {name}, which is the value
    of `name_property` (without `name_prefix`) or generated, {small}, which is the same in small
    letters, {account}, {region}, {stack}, {suffix}, {uuid}, {hex} (seventeen digits, as in the ids
    of EC2), and each property of the resource by its own name.
    """
    patterns = attributes or {}

    def shown(cloud: Cloud, wanted: Wanted) -> Made:
        words = _words(cloud, wanted, name_property, name_prefix)
        values = {key: _written(pattern, words) for key, pattern in patterns.items()}
        return Made(reference.format_map(words), values)

    async def create(cloud: Cloud, wanted: Wanted) -> Made:
        return shown(cloud, wanted)

    async def update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
        # What was generated for the resource stays; what repeats a property follows it.
        after = shown(cloud, wanted).attributes
        follows = {key for key, pattern in patterns.items() if _repeats(pattern, wanted)}
        kept = {key: text for key, text in existing.attributes.items() if key not in follows}
        return Made(existing.id, {**after, **kept})

    return ResourceType(
        name,
        create,
        _forget,
        update,
        replaces=frozenset() if name_property is None else frozenset({name_property}),
        attributes=frozenset(patterns),
        stored_only=True,
    )


class _Words(dict[str, str]):
    """What a pattern's names stand for; a property that is not given is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def _words(cloud: Cloud, wanted: Wanted, name_property: str | None, name_prefix: str) -> _Words:
    given = None if name_property is None else wanted.properties.get(name_property)
    name = wanted.name(None if given is None else as_text(given).removeprefix(name_prefix))
    unique = uuid5(NAMESPACE_URL, f"{wanted.stack_id}/{wanted.logical_id}/{wanted.suffix}")
    return _Words(
        {key: as_text(value) for key, value in wanted.properties.items()},
        name=name,
        small=name.lower(),
        account=cloud.account,
        region=cloud.region,
        stack=wanted.stack_name,
        suffix=wanted.suffix,
        uuid=str(unique),
        hex=unique.hex[:17],
    )


def _written(pattern: Shown, words: _Words) -> JsonValue:
    if isinstance(pattern, str):
        return pattern.format_map(words)
    return [each.format_map(words) for each in pattern]


def _repeats(pattern: Shown, wanted: Wanted) -> bool:
    """Whether an attribute is a property of the resource."""
    return isinstance(pattern, str) and pattern[1:-1] in wanted.properties


async def _forget(cloud: Cloud, existing: Existing) -> None:
    """There is nothing to delete but the row."""
