"""A stack on a server: planned with a change set, executed, followed event by event, deleted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from stepwell.cli.deploy.clients import Clients
from stepwell.cli.deploy.packaging import Packaged, template_url
from stepwell.cli.deploy.sources import BadProject

TEMPLATE_BYTES_MAX = 51_200
"""A longer template has to come from a bucket."""

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
BROKEN = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})
"""A stack in one of these can only be deleted."""

NO_CHANGE = ("didn't contain changes", "No updates are to be performed")
_LOOK_AGAIN_SECONDS = 0.1
_PATIENCE_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a stack's log."""

    id: str
    logical_id: str
    type: str
    status: str
    reason: str
    is_stack: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A change set that waits to be executed. `changes` are as DescribeChangeSet shows them."""

    stack: str
    change_set: str
    is_new: bool
    changes: tuple[dict[str, Any], ...]

    @property
    def loses(self) -> list[str]:
        """The resources that are removed or replaced, and what they hold with them."""
        return [
            str(one["LogicalResourceId"])
            for one in self.changes
            if one["Action"] == "Remove" or one.get("Replacement") == "True"
        ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a deployment ended."""

    status: str
    reason: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    failures: tuple[Event, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the stack is as the template wants it."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")


Told = Callable[[Event], None]


class Stacks:
    """The stacks of one server, account and region."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._api = clients.cloudformation

    def describe(self, name: str) -> dict[str, Any] | None:
        """The stack as DescribeStacks shows it; None when it is not there."""
        error = self._api.exceptions.ClientError
        try:
            [found] = self._api.describe_stacks(StackName=name)["Stacks"]
        except error as refused:
            if "does not exist" in str(refused):
                return None
            raise
        return dict(found)

    def settle(self, name: str, told: Told) -> dict[str, Any] | None:
        """The stack once nothing is under way, e.g. what a deployment before this one began."""
        found = self.describe(name)
        if found is not None and _is_under_way(found["StackStatus"]):
            self.follow(str(found["StackId"]), told, after=self.last_event(found["StackId"]))
            found = self.describe(name)
        return found

    def plan(self, packaged: Packaged, label: str) -> Plan | None:
        """A change set for the stack; None when there is nothing to change. Raises BadProject."""
        name = packaged.source.name
        found = self.describe(name)
        is_new = found is None or found["StackStatus"] == "REVIEW_IN_PROGRESS"
        made = self._api.create_change_set(
            StackName=name,
            ChangeSetName=label,
            ChangeSetType="CREATE" if is_new else "UPDATE",
            Capabilities=CAPABILITIES,
            Parameters=_parameters(packaged, None if is_new else found),
            Tags=[{"Key": key, "Value": text} for key, text in packaged.source.tags.items()],
            IncludeNestedStacks=False,
            **self._template(packaged),
        )
        described = self._described(made["Id"])
        if described["Status"] == "FAILED":
            self.discard(name, made["Id"], is_new)
            reason = str(described.get("StatusReason", ""))
            if any(words in reason for words in NO_CHANGE):
                return None
            raise BadProject(f"{name}: {reason}")
        changes = tuple(self._changes(made["Id"], described))
        return Plan(name, made["Id"], is_new, changes)

    def discard(self, name: str, change_set: str, is_new: bool) -> None:
        """Forget a plan, and the empty stack that was made for it."""
        self._api.delete_change_set(StackName=name, ChangeSetName=change_set)
        if is_new:
            self._api.delete_stack(StackName=name)

    def execute(self, plan: Plan, told: Told) -> Outcome:
        """Carry a plan out, and tell each event."""
        stack_id = str(self._api.describe_stacks(StackName=plan.stack)["Stacks"][0]["StackId"])
        after = self.last_event(stack_id)
        self._api.execute_change_set(StackName=plan.stack, ChangeSetName=plan.change_set)
        return self.follow(stack_id, told, after=after)

    def delete(self, name: str, told: Told) -> Outcome:
        """Delete a stack and what it made."""
        found = self.describe(name)
        if found is None:
            return Outcome("DELETE_COMPLETE")
        after = self.last_event(found["StackId"])
        self._api.delete_stack(StackName=name)
        return self.follow(str(found["StackId"]), told, after=after)

    def follow(self, stack_id: str, told: Told, *, after: str | None) -> Outcome:
        """Tell the events after that one, until the stack has come to rest."""
        failures: list[Event] = []
        ends = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < ends:
            # Looked at before the events: so the last events have been read when it has ended.
            found = self._api.describe_stacks(StackName=stack_id)["Stacks"][0]
            for event in self._events_after(stack_id, after):
                after = event.id
                told(event)
                if event.status.endswith("_FAILED"):
                    failures.append(event)
            if not _is_under_way(found["StackStatus"]):
                return Outcome(
                    str(found["StackStatus"]),
                    str(found.get("StackStatusReason", "")),
                    {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
                    tuple(failures),
                )
            time.sleep(_LOOK_AGAIN_SECONDS)
        raise BadProject(f"{stack_id} is still under way after an hour")

    def last_event(self, stack_id: str) -> str | None:
        """The id of the youngest event."""
        events = self._api.describe_stack_events(StackName=stack_id)["StackEvents"]
        return str(events[0]["EventId"]) if events else None

    def resources(self, name: str) -> list[dict[str, Any]]:
        """What a stack made, as ListStackResources shows it."""
        pages = self._api.get_paginator("list_stack_resources").paginate(StackName=name)
        return [dict(one) for page in pages for one in page["StackResourceSummaries"]]

    def _events_after(self, stack_id: str, after: str | None) -> list[Event]:
        """The events after that one, the oldest first."""
        found: list[Event] = []
        for page in self._api.get_paginator("describe_stack_events").paginate(StackName=stack_id):
            for one in page["StackEvents"]:
                if one["EventId"] == after:
                    return found[::-1]
                found.append(_event(one))
        return found[::-1]

    def _template(self, packaged: Packaged) -> dict[str, str]:
        text = packaged.text
        if len(text.encode()) <= TEMPLATE_BYTES_MAX:
            return {"TemplateBody": text}
        key = self._clients.keep_template(packaged.source.name, text)
        return {"TemplateURL": template_url(self._clients.bucket, key)}

    def _described(self, change_set: str) -> dict[str, Any]:
        ends = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < ends:
            found = self._api.describe_change_set(ChangeSetName=change_set)
            if found["Status"] in ("CREATE_COMPLETE", "FAILED"):
                return dict(found)
            time.sleep(_LOOK_AGAIN_SECONDS)
        raise BadProject(f"{change_set} is not ready after an hour")

    def _changes(self, change_set: str, first: dict[str, Any]) -> Iterator[dict[str, Any]]:
        found = first
        while True:
            for change in found.get("Changes", []):
                yield change["ResourceChange"]
            if not found.get("NextToken"):
                return
            found = self._api.describe_change_set(
                ChangeSetName=change_set, NextToken=found["NextToken"]
            )


def _is_under_way(status: str) -> bool:
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def _event(shown: dict[str, Any]) -> Event:
    return Event(
        str(shown["EventId"]),
        str(shown.get("LogicalResourceId", "")),
        str(shown.get("ResourceType", "")),
        str(shown.get("ResourceStatus", "")),
        str(shown.get("ResourceStatusReason", "")),
        shown.get("PhysicalResourceId") == shown["StackId"],
    )


def _parameters(packaged: Packaged, found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The values given now; of those that are not, the stack keeps what it has."""
    given = packaged.source.parameters
    declared = packaged.document.get("Parameters")
    names = declared if isinstance(declared, dict) else {}
    had = {one["ParameterKey"] for one in (found or {}).get("Parameters", [])}
    kept = [name for name in names if name in had and name not in given]
    return [
        *({"ParameterKey": name, "ParameterValue": text} for name, text in given.items()),
        *({"ParameterKey": name, "UsePreviousValue": True} for name in kept),
    ]
