"""Types that are stored, without effect: nothing on this server could act on them.

They get a physical id and the attributes that other resources refer to, so that a template which
has an alarm or a key beside what matters deploys as it is. `stepwell doctor` and the stack's events
say of each that it has no effect.
"""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted


def stored_type(
    name: str,
    *,
    name_property: str | None = None,
    reference: str = "{name}",
    attributes: Mapping[str, str] | None = None,
) -> ResourceType:
    """A type that is only kept.

    The templates `reference` (what `Ref` gives) and `attributes` may use {name}, {account},
    {region}, {stack} and {suffix}; {name} is the value of `name_property`, or generated.
    """
    shown = attributes or {}

    async def create(cloud: Cloud, wanted: Wanted) -> Made:
        given = None if name_property is None else wanted.properties.get(name_property)
        places = {
            "name": wanted.name(given),
            "account": cloud.account,
            "region": cloud.region,
            "stack": wanted.stack_name,
            "suffix": wanted.suffix,
        }
        return Made(
            reference.format(**places),
            {key: text.format(**places) for key, text in shown.items()},
        )

    async def update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
        return Made(existing.id, existing.attributes)

    return ResourceType(
        name,
        create,
        _forget,
        update,
        replaces=frozenset() if name_property is None else frozenset({name_property}),
        attributes=frozenset(shown),
        stored_only=True,
    )


async def _forget(cloud: Cloud, existing: Existing) -> None:
    """There is nothing to delete but the row."""
