"""Parameters of stacks."""

from __future__ import annotations

from typing import Any

import pytest

from stepwell.errors import ServiceError
from tests.deploy.world import Deployed, reviewed

PARAMETER = "AWS::SSM::Parameter"


async def described(deployed: Deployed, name: str) -> dict[str, Any]:
    """What the service says of the parameter."""
    shown = await deployed.call("ssm", "DescribeParameters")
    return next(each for each in shown["Parameters"] if each["Name"] == name)


async def tags(deployed: Deployed, name: str) -> dict[str, str]:
    """The parameter's tags."""
    shown = await deployed.call(
        "ssm", "ListTagsForResource", ResourceType="Parameter", ResourceId=name
    )
    return {each["Key"]: each["Value"] for each in shown["TagList"]}


async def test_a_parameter_has_its_name_as_reference(deployed: Deployed) -> None:
    """A parameter has its name as reference, and attributes for type and value."""
    given = {"Name": "/shop/url", "Type": "String", "Value": "http://here", "Tier": "Advanced"}
    parameter = await deployed.make(PARAMETER, given)
    assert parameter.id == "/shop/url"
    assert parameter.attributes == {"Type": "String", "Value": "http://here"}
    shown = await deployed.call("ssm", "GetParameter", Name="/shop/url")
    assert shown["Parameter"]["Value"] == "http://here"
    assert (await described(deployed, "/shop/url"))["Tier"] == "Advanced"


async def test_a_parameter_without_a_name_gets_one(deployed: Deployed) -> None:
    """A parameter without a name is named as CloudFormation names them."""
    parameter = await deployed.make(PARAMETER, {"Type": "StringList", "Value": "a,b"}, "Hosts")
    assert parameter.id == "CFN-Hosts-ABCDEF123456"


async def test_a_parameter_changes_and_loses_what_is_dropped(deployed: Deployed) -> None:
    """A change makes a new version without what the template dropped; no change makes none."""
    given = {"Name": "p", "Type": "String", "Value": "a1", "Description": "d"}
    parameter = await deployed.make(
        PARAMETER, {**given, "AllowedPattern": "[a-z][0-9]", "Tags": {"x": 1, "y": "2"}}
    )
    assert await tags(deployed, "p") == {"x": "1", "y": "2"}
    after = {"Name": "p", "Type": "String", "Value": "anything", "Tags": {"y": "3"}}
    parameter = await deployed.change(PARAMETER, parameter, after)
    assert parameter.attributes["Value"] == "anything"
    shown = await described(deployed, "p")
    assert shown["Version"] == 2
    assert not shown.get("Description")
    assert not shown.get("AllowedPattern")
    assert await tags(deployed, "p") == {"y": "3"}
    parameter = await deployed.change(PARAMETER, parameter, after, tags={"stack": "s"})
    assert (await described(deployed, "p"))["Version"] == 2
    assert await tags(deployed, "p") == {"y": "3", "stack": "s"}


def test_other_data_types_are_told_beforehand() -> None:
    """A review names the data types whose values AWS checks with other services."""
    assert reviewed(PARAMETER, {"DataType": "text"}) == []
    assert reviewed(PARAMETER, {"DataType": {"Ref": "Kind"}}) == []
    assert "aws:ec2:image" in reviewed(PARAMETER, {"DataType": "aws:ec2:image"})[0]


async def test_secure_strings_are_refused_as_on_aws(deployed: Deployed) -> None:
    """A SecureString can't come from a template."""
    with pytest.raises(ServiceError, match="SecureString"):
        await deployed.make(PARAMETER, {"Type": "SecureString", "Value": "x"})
