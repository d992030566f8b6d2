"""Wait conditions: so many signals are waited for, at a handle's address or by SignalResource."""

from __future__ import annotations

import re
from typing import cast

from stepwell.deploy.resource_type import Made
from stepwell.deploy.shaping import as_text, is_whole_number
from stepwell.runtime.turn import Turn
from stepwell.services.cloudformation.deployment.tried import Failed
from stepwell.services.cloudformation.records import WaitRow
from stepwell.services.cloudformation.waiting.work import Begin, Work
from stepwell.values import JsonObject, decode, encode_text

HANDLE = "handle"
SIGNALS = "signals"
DOOR = "/_stepwell/cloudformation/signals/"
TIMEOUT_SECONDS_MAX = 43_200
SIGNALS_MAX = 1_000
_DURATION = re.compile(r"PT(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?\Z")
_TOKEN_BYTES = 24


class Handles:
    """`WaitConditionHandle`: an address that takes signals."""

    async def start(self, work: Work) -> Made | Failed | Begin:
        """Open an address; close it."""
        if work.action == "update" and work.existing is not None:
            return Made(work.existing.physical_id)
        return lambda turn: self._staged(turn, work)

    def _staged(self, turn: Turn, work: Work) -> str:
        stacks = work.stacks
        if work.action == "delete" and work.existing is not None:
            stacks.waits.delete(turn, token_in(work.existing.physical_id))
            turn.after_commit(lambda: stacks.deployments.poke(work.stack.id))
            return "closed"
        token = stacks.parts.ids.secret(_TOKEN_BYTES).hex()
        row = WaitRow(token, work.stack.id, work.logical_id, HANDLE, "", "", "{}", 0)
        stacks.waits.put(turn, row)
        turn.after_commit(lambda: stacks.deployments.poke(work.stack.id))
        return token

    def check(self, work: Work, token: str) -> Made | Failed | None:
        """It is there at once."""
        return Made(f"{work.stacks.base_url()}{DOOR}{token}")

    def ended(self, turn: Turn, work: Work, token: str) -> None:
        """The address stays open."""

    def cancel(self, work: Work, token: str) -> bool:
        """It is there at once."""
        return False


class Conditions:
    """`WaitCondition`."""

    async def start(self, work: Work) -> Made | Failed | Begin:
        """Begin to count."""
        if work.action == "delete":
            return Made(work.existing.physical_id if work.existing else "")
        if work.action == "update":
            return Failed(
                "Update to resource type AWS::CloudFormation::WaitCondition is not supported."
            )
        wanted = _wanted(work)
        if isinstance(wanted, str):
            return Failed(wanted)
        return lambda turn: _begin(turn, work, wanted[1])

    def check(self, work: Work, token: str) -> Made | Failed | None:
        """Whether all have come."""
        wanted = _wanted(work)
        row = work.stacks.waits.get(token)
        if isinstance(wanted, str) or row is None:
            return Failed(as_text(wanted if isinstance(wanted, str) else "the wait is gone"))
        count, _ = wanted
        signals = {**_signals(row), **_at_handle(work)}
        for unique_id, signal in signals.items():
            if isinstance(signal, dict) and signal.get("Status") != "SUCCESS":
                return Failed(_failure(work, unique_id, as_text(signal.get("Reason"))))
        if len(signals) >= count:
            data: JsonObject = {
                unique_id: signal.get("Data") if isinstance(signal, dict) else ""
                for unique_id, signal in signals.items()
            }
            physical_id = f"{work.stack.id}/{work.stack.name}-{work.logical_id}-{work.suffix}"
            return Made(physical_id, {"Data": encode_text(data)})
        if work.stacks.parts.clock.now() < row.deadline:
            return None
        if _policy(work):
            missing = count - len(signals)
            return Failed(
                f"Failed to receive {missing} resource signal(s) within the specified duration"
            )
        return Failed(
            f"WaitCondition timed out. Received {len(signals)} conditions when expecting {count}"
        )

    def ended(self, turn: Turn, work: Work, token: str) -> None:
        """Nothing is counted any more."""
        work.stacks.waits.delete(turn, token)

    def cancel(self, work: Work, token: str) -> bool:
        """It stops."""
        return True


def _policy(work: Work) -> JsonObject:
    policy = work.rules.policies.get("CreationPolicy")
    signal = policy.get("ResourceSignal") if isinstance(policy, dict) else None
    return signal if isinstance(signal, dict) else {}


def _wanted(work: Work) -> tuple[int, int] | str:
    """How many signals within how many seconds, or what is wrong."""
    policy = _policy(work)
    if policy:
        found = _DURATION.match(as_text(policy.get("Timeout", "PT5M")))
        if found is None:
            return "Timeout must be a duration as in PT15M."
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        timeout, count = hours * 3_600 + minutes * 60 + seconds, as_text(policy.get("Count", 1))
    else:
        given = as_text(work.properties.get("Timeout", ""))
        if not given or "Handle" not in work.properties:
            return "A WaitCondition needs a Handle and a Timeout, or a CreationPolicy."
        if not is_whole_number(given, 0, TIMEOUT_SECONDS_MAX):
            return f"Timeout must be a number of at most {TIMEOUT_SECONDS_MAX} seconds."
        timeout, count = int(given), as_text(work.properties.get("Count", 1))
    if not is_whole_number(count, 1, SIGNALS_MAX):
        return f"Count must be a number from 1 to {SIGNALS_MAX}."
    return int(count), min(timeout, TIMEOUT_SECONDS_MAX)


def _begin(turn: Turn, work: Work, seconds: int) -> str:
    stacks = work.stacks
    token = stacks.parts.ids.secret(_TOKEN_BYTES).hex()
    deadline = stacks.parts.clock.now() + seconds * 1_000
    row = WaitRow(token, work.stack.id, work.logical_id, SIGNALS, "", "", "{}", deadline)
    stacks.waits.put(turn, row)

    def later() -> None:
        stacks.deployments.ring(work.stack.id, deadline)
        # A signal may have come before.
        stacks.deployments.poke(work.stack.id)

    turn.after_commit(later)
    return token


def _signals(row: WaitRow) -> JsonObject:
    return cast("JsonObject", decode(row.answers))


def _at_handle(work: Work) -> JsonObject:
    row = work.stacks.waits.get(token_in(as_text(work.properties.get("Handle"))))
    return {} if row is None or row.kind != HANDLE else _signals(row)


def token_in(address: str) -> str:
    """The token at the end of a handle's address."""
    return address.rpartition("/")[2]


def _failure(work: Work, unique_id: str, reason: str) -> str:
    if _policy(work):
        return f"Received FAILURE signal with UniqueId {unique_id}"
    return f"WaitCondition received failed message: '{reason}' for uniqueId: {unique_id}"
