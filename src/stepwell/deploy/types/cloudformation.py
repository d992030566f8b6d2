"""What CloudFormation itself makes: nested stacks, custom resources, wait conditions.

Their making waits for somebody else, so the stack service does it; here stands what their templates
may say.
"""

from __future__ import annotations

from dataclasses import replace

from stepwell.deploy.resource_type import Cloud, Existing, Made, ResourceType, Wanted
from stepwell.errors import ServiceError

CUSTOM = "AWS::CloudFormation::CustomResource"
CUSTOM_PREFIX = "Custom::"


async def _create(cloud: Cloud, wanted: Wanted) -> Made:
    raise _elsewhere()


async def _update(cloud: Cloud, wanted: Wanted, existing: Existing) -> Made:
    raise _elsewhere()


async def _delete(cloud: Cloud, existing: Existing) -> None:
    raise _elsewhere()


def _elsewhere() -> ServiceError:
    return ServiceError("InternalFailure", "The stack service does this itself.", status=500)


_CUSTOM_RESOURCE = ResourceType(
    CUSTOM,
    _create,
    _delete,
    _update,
    required=frozenset({"ServiceToken"}),
    optional=frozenset({"ServiceTimeout"}),
    attributes=frozenset({"*"}),
    any_property=True,
    waits=True,
)


def custom_type(name: str) -> ResourceType:
    """The type `Custom::Something`."""
    return replace(_CUSTOM_RESOURCE, name=name)


TYPES = (
    _CUSTOM_RESOURCE,
    ResourceType(
        "AWS::CloudFormation::Stack",
        _create,
        _delete,
        _update,
        required=frozenset({"TemplateURL"}),
        optional=frozenset({"NotificationARNs", "Parameters", "Tags", "TimeoutInMinutes"}),
        attributes=frozenset({"Outputs.*"}),
        waits=True,
    ),
    ResourceType(
        "AWS::CloudFormation::WaitCondition",
        _create,
        _delete,
        None,
        optional=frozenset({"Count", "Handle", "Timeout"}),
        attributes=frozenset({"Data"}),
        waits=True,
    ),
    ResourceType(
        "AWS::CloudFormation::WaitConditionHandle",
        _create,
        _delete,
        _update,
        waits=True,
    ),
)
