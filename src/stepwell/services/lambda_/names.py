"""How functions and layers are named: by name, by part of an ARN, by ARN, each with a qualifier."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stepwell.services.lambda_.errors import invalid, not_found

LATEST = "$LATEST"
_FUNCTION = re.compile(
    r"(?:arn:(?P<partition>aws[a-zA-Z-]*):lambda:)?"
    r"(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]+)"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)
_LAYER = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}|awslayer)"
    r":layer:(?P<name>[a-zA-Z0-9_-]+)(?::(?P<version>\d+))?"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A function as somebody named it. `qualifier` is None when nobody did."""

    account: str
    region: str
    name: str
    qualifier: str | None

    @property
    def scope(self) -> str:
        """`account:region`."""
        return f"{self.account}:{self.region}"

    @property
    def place(self) -> str:
        """`account:region:name`."""
        return f"{self.account}:{self.region}:{self.name}"

    @property
    def arn(self) -> str:
        """Its ARN, with the qualifier if there is one."""
        return function_arn(self.place, self.qualifier)


def partition_of(region: str) -> str:
    """The AWS partition a region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def function_arn(place: str, qualifier: str | None = None) -> str:
    """The ARN of the function at a place (`account:region:name`)."""
    account, region, name = place.split(":")
    arn = f"arn:{partition_of(region)}:lambda:{region}:{account}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def layer_arn(account: str, region: str, name: str, version: int | None = None) -> str:
    """The ARN of a layer, or of one of its versions."""
    arn = f"arn:{partition_of(region)}:lambda:{region}:{account}:layer:{name}"
    return arn if version is None else f"{arn}:{version}"


def read_function(text: str, account: str, region: str, qualifier: str | None = None) -> Named:
    """What a FunctionName (and a Qualifier beside it) means to a caller. Raises ServiceError."""
    found = _FUNCTION.fullmatch(text)
    if found is None:
        raise invalid(f"Invalid function name: {text}")
    if found["region"] and found["region"] != region:
        raise not_found(
            f"Functions from '{found['region']}' are not reachable in this region ('{region}')"
        )
    within = found["qualifier"]
    if within and qualifier and within != qualifier:
        raise invalid(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return Named(found["account"] or account, region, found["name"], within or qualifier)


def read_layer(arn: str) -> tuple[str, str, str, int | None] | None:
    """(account, region, name, version) of a layer's ARN."""
    found = _LAYER.fullmatch(arn)
    if found is None:
        return None
    version = int(found["version"]) if found["version"] else None
    return found["account"], found["region"], found["name"], version
