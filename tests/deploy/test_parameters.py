"""Values of parameters."""

from __future__ import annotations

import pytest

from stepwell.deploy.parameters import ParameterValue, parameter_values
from stepwell.errors import ServiceError
from tests.deploy.templates import template
from tests.deploy.world import Deployed

RESOURCES = "Resources: {Q: {Type: 'AWS::SQS::Queue'}}\n"


async def one(deployed: Deployed, declared: str, given: str | None = None) -> ParameterValue:
    """The value of a parameter P that is declared so."""
    read = template(f"{RESOURCES}Parameters: {{P: {declared}}}\n")
    values = await parameter_values(read, {} if given is None else {"P": given}, deployed.cloud)
    return values["P"]


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ("{Type: String, Default: a}", None, "a"),
        ("{Type: String, Default: a}", "", ""),
        ("{Type: String, Default: true}", None, "true"),
        ("{Type: Number, Default: 5}", None, "5"),
        ("{Type: Number}", "2.50", "2.50"),
        ("{Type: CommaDelimitedList}", "a, b", ["a", "b"]),
        ("{Type: CommaDelimitedList, Default: ''}", None, []),
        ("{Type: 'List<Number>'}", "1,2", ["1", "2"]),
        ("{Type: 'AWS::EC2::VPC::Id'}", "vpc-1", "vpc-1"),
        ("{Type: 'List<AWS::EC2::Subnet::Id>'}", "a,b", ["a", "b"]),
        ("{Type: 'AWS::SSM::Parameter::Name'}", "/a", "/a"),
        ("{Type: String, AllowedPattern: '\\p{Alpha}+'}", "ab", "ab"),
        ("{Type: CommaDelimitedList, AllowedValues: [a, b]}", "b,a", ["b", "a"]),
    ],
)
async def test_a_value_is_shaped_by_its_type(
    deployed: Deployed, declared: str, given: str | None, expected: object
) -> None:
    """A value is a text or a list of texts, as its type says."""
    assert (await one(deployed, declared, given)).value == expected


@pytest.mark.parametrize(
    ("declared", "given", "message"),
    [
        ("{Type: String}", None, "Parameters: [P] must have values"),
        ("{Type: Number}", "x", "Parameter 'P' must be a number"),
        ("{Type: Number, MinValue: 3}", "2", "Parameter 'P' must be a number not less than 3"),
        ("{Type: Number, MaxValue: 3}", "4", "Parameter 'P' must be a number not greater than 3"),
        ("{Type: String, AllowedValues: [a]}", "b", "Parameter 'P' must be one of AllowedValues"),
        ("{Type: String, MinLength: 2}", "b", "Parameter 'P' must contain at least 2 characters"),
        ("{Type: String, MaxLength: 2}", "bbb", "Parameter 'P' must contain at most 2 characters"),
        ("{Type: String, AllowedPattern: 'a+'}", "ab", "Parameter 'P' must match pattern a+"),
        (
            "{Type: String, AllowedPattern: 'a+', ConstraintDescription: only a}",
            "b",
            "Parameter P failed to satisfy constraint: only a",
        ),
        (
            "{Type: Strin}",
            "b",
            "Template format error: Unrecognized parameter type: Strin",
        ),
        (
            "{Type: String}",
            "x" * 4097,
            "Parameter value for parameter name P is too long. Length is 4097",
        ),
        (
            "{Type: 'AWS::SSM::Parameter::Value<String>'}",
            "/none",
            "Unable to fetch parameters [/none] from parameter store for this account.",
        ),
    ],
)
async def test_a_value_that_may_not_be_is_refused(
    deployed: Deployed, declared: str, given: str | None, message: str
) -> None:
    """A value that may not be is refused in CloudFormation's words."""
    with pytest.raises(ServiceError) as refused:
        await one(deployed, declared, given)
    assert (refused.value.code, refused.value.message) == ("ValidationError", message)


async def test_unknown_parameters_are_all_named(deployed: Deployed) -> None:
    """Parameters that the template does not declare are refused together."""
    with pytest.raises(ServiceError, match=r"Parameters: \[A, B\] do not exist in the template"):
        await parameter_values(template(RESOURCES), {"A": "1", "B": "2"}, deployed.cloud)


async def test_stored_parameters_are_looked_up(deployed: Deployed) -> None:
    """A parameter may name one of Parameter Store: both its name and its value are known."""
    await deployed.call("ssm", "PutParameter", Name="/v", Value="7", Type="String")
    await deployed.call("ssm", "PutParameter", Name="/l", Value="a,b", Type="StringList")
    found = await one(deployed, "{Type: 'AWS::SSM::Parameter::Value<String>', Default: /v}")
    assert found == ParameterValue("/v", "7", "7")
    found = await one(deployed, "{Type: 'AWS::SSM::Parameter::Value<List<String>>'}", "/l")
    assert found.value == ["a", "b"]


async def test_a_hidden_parameter_is_marked(deployed: Deployed) -> None:
    """NoEcho is remembered with the value."""
    assert (await one(deployed, "{Type: String, NoEcho: true}", "s")).hidden
