"""ARNs of topics and subscriptions."""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.services.sns.errors import invalid_parameter


def partition_of(region: str) -> str:
    """The AWS partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


@dataclass(frozen=True, slots=True)
class TopicName:
    """A topic's ARN, taken apart."""

    account: str
    region: str
    name: str

    @property
    def scope(self) -> str:
        """The partition of its row."""
        return f"{self.account}:{self.region}"

    @property
    def arn(self) -> str:
        """The ARN again."""
        return f"arn:{partition_of(self.region)}:sns:{self.region}:{self.account}:{self.name}"


def parse_topic(arn: object, parameter: str = "TopicArn") -> TopicName:
    """Take a topic's ARN apart. Raises InvalidParameter, naming the parameter."""
    if not isinstance(arn, str) or not arn:
        raise invalid_parameter(f"{parameter} Reason: no value for required parameter")
    parts = arn.split(":")
    if len(parts) < 6:
        raise invalid_parameter(
            f"{parameter} Reason: An ARN must have at least 6 elements, not {len(parts)}"
        )
    if parts[0] != "arn" or parts[2] != "sns" or len(parts) != 6 or not all(parts[1:]):
        raise invalid_parameter(parameter)
    return TopicName(parts[4], parts[3], parts[5])


def parse_subscription(arn: object) -> tuple[str, str]:
    """The topic's ARN and the id of a subscription's ARN. Raises InvalidParameter."""
    parts = arn.split(":") if isinstance(arn, str) else []
    if len(parts) < 6:
        raise invalid_parameter(
            f"SubscriptionArn Reason: An ARN must have at least 6 elements, not {len(parts)}"
        )
    if len(parts) != 7 or parts[0] != "arn" or parts[2] != "sns":
        raise invalid_parameter("SubscriptionId")
    return ":".join(parts[:6]), parts[6]
