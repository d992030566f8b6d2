"""What a caller must acknowledge before a template is carried out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from stepwell.deploy.template import Resource
from stepwell.services.cloudformation.errors import insufficient

IAM = "CAPABILITY_IAM"
NAMED_IAM = "CAPABILITY_NAMED_IAM"
AUTO_EXPAND = "CAPABILITY_AUTO_EXPAND"

_NAMES: Mapping[str, str] = {
    "AWS::IAM::AccessKey": "",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": "",
}
"""The types that grant something, each with the property that gives it a name."""


def needed(resources: Mapping[str, Resource]) -> tuple[str, list[str]]:
    """The capability that resources need (empty: none), and the types that need it."""
    found = [resource for resource in resources.values() if resource.type in _NAMES]
    if not found:
        return "", []
    types = sorted({resource.type for resource in found})
    named = any(
        _NAMES[resource.type] and _NAMES[resource.type] in resource.properties for resource in found
    )
    return NAMED_IAM if named else IAM, types


def check(
    resources: Mapping[str, Resource], given: Collection[str], *, expands: bool = False
) -> None:
    """Raises InsufficientCapabilitiesException."""
    capability, _ = needed(resources)
    missing = []
    if capability == NAMED_IAM and NAMED_IAM not in given:
        missing.append(NAMED_IAM)
    if capability == IAM and not {IAM, NAMED_IAM}.intersection(given):
        missing.append(IAM)
    if expands and AUTO_EXPAND not in given:
        missing.append(AUTO_EXPAND)
    if missing:
        raise insufficient(", ".join(missing))
