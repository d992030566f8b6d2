"""Names, ARNs and paths of buses and rules."""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.services.api import Call
from stepwell.services.events.errors import invalid

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class BusName:
    """A bus, wherever it is."""

    account: str
    region: str
    name: str

    @property
    def scope(self) -> str:
        """The partition of its row."""
        return f"{self.account}:{self.region}"

    @property
    def path(self) -> str:
        """The partition of its rules."""
        return f"{self.scope}/{self.name}"

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:events:{self.region}:{self.account}:event-bus/{self.name}"

    def rule_arn(self, rule: str) -> str:
        """The ARN of a rule on it; rules of the default bus leave its name out."""
        bus = "" if self.name == DEFAULT else f"{self.name}/"
        return f"arn:aws:events:{self.region}:{self.account}:rule/{bus}{rule}"

    def rule_path(self, rule: str) -> str:
        """The partition of a rule's targets."""
        return f"{self.path}/{rule}"


def bus_named(account: str, region: str, name_or_arn: str | None) -> BusName:
    """The bus that a request names, by name or ARN; the default one if it names none."""
    given = name_or_arn or DEFAULT
    if not given.startswith("arn:"):
        return BusName(account, region, given)
    parts = given.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("event-bus/"):
        raise invalid(f"Parameter EventBusName is not valid: {given}")
    return BusName(parts[4], parts[3], parts[5].removeprefix("event-bus/"))


def bus_of(call: Call, name_or_arn: str | None) -> BusName:
    """The same for a caller."""
    return bus_named(call.account, call.region, name_or_arn)


def bus_at(path: str) -> BusName:
    """The bus of a path."""
    scope, name = path.split("/", 1)
    account, region = scope.split(":")
    return BusName(account, region, name)


def rule_at(arn: str) -> tuple[BusName, str] | None:
    """The bus and the name that a rule's ARN stands for."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "events" or not parts[5].startswith("rule/"):
        return None
    bus, slash, rule = parts[5].removeprefix("rule/").rpartition("/")
    return BusName(parts[4], parts[3], bus if slash else DEFAULT), rule
