"""What must be true of the server after the load, whatever happened to it meanwhile."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from tests.e2e.load import Record
from tests.e2e.machines import DEFINITIONS, MACHINES
from tests.e2e.wire import Client

PAGES_MAX = 1_000

ASKED = "TaskScheduled TaskStarted TaskSubmitted "
ENTERED = "ExecutionStarted TaskStateEntered "
ENDED = "TaskStateExited ExecutionSucceeded "
RESTED = (
    "TaskStateExited WaitStateEntered WaitStateExited SucceedStateEntered SucceedStateExited "
    "ExecutionSucceeded "
)
COURSES = {
    ("ask", "ok"): f"{ENTERED}{ASKED}TaskSucceeded {RESTED}",
    ("ask", "double"): f"{ENTERED}{ASKED}TaskSucceeded {RESTED}",
    ("ask", "busy"): f"{ENTERED}{ASKED}TaskFailed {ASKED}TaskSucceeded {RESTED}",
    ("ask", "no"): (
        f"{ENTERED}{ASKED}TaskFailed TaskStateExited PassStateEntered PassStateExited "
        "ExecutionSucceeded "
    ),
    ("parent", "ok"): f"{ENTERED}{ASKED}TaskSucceeded {ENDED}",
    ("work", "ok"): (
        "ExecutionStarted TaskStateEntered "
        "(ActivityScheduled (ActivityStarted )?ActivityTimedOut )*"
        f"ActivityScheduled ActivityStarted ActivitySucceeded {ENDED}"
    ),
    ("silent", "silent"): f"{ENTERED}({ASKED}TaskTimedOut ){{2}}Execution(Failed|TimedOut) ",
    ("short", "ok"): "ExecutionStarted WaitStateEntered ExecutionTimedOut ",
}
"""The types of the events in their order, as an expression; branches of Parallel interleave."""

FAN = Counter(
    {
        "ExecutionStarted": 1,
        "ParallelStateEntered": 1,
        "ParallelStateStarted": 1,
        "TaskStateEntered": 2,
        "TaskScheduled": 2,
        "TaskStarted": 2,
        "TaskSubmitted": 2,
        "TaskSucceeded": 2,
        "TaskStateExited": 2,
        "WaitStateEntered": 1,
        "WaitStateExited": 1,
        "ParallelStateSucceeded": 1,
        "ParallelStateExited": 1,
        "ExecutionSucceeded": 1,
    }
)


async def problems_after(client: Client, record: Record) -> list[str]:
    """Every broken promise; empty when all were kept."""
    problems = [*record.problems, *_plain_messages(record), *_tokens(record)]
    histories: dict[str, list[dict[str, Any]]] = {}
    for machine in DEFINITIONS:
        for execution in await _executions(client, machine):
            events = await _history(client, execution["executionArn"])
            name = execution["name"]
            histories[name] = events
            do = record.started.get(name, (machine, "ok"))[1]
            problems += [f"{name}: {text}" for text in _events(machine, do, events)]
    return problems + _executions_told(record, histories) + _answers(record, histories)


async def _executions(client: Client, machine: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    for _ in range(PAGES_MAX):
        page = await client.insist("ListExecutions", stateMachineArn=MACHINES + machine, **more)
        found += page["executions"]
        if not page.get("nextToken"):
            return found
        more = {"nextToken": page["nextToken"]}
    raise AssertionError("the pages do not end")


async def _history(client: Client, arn: str) -> list[dict[str, Any]]:
    page = await client.insist("GetExecutionHistory", executionArn=arn, maxResults=1000)
    assert not page.get("nextToken"), "the histories of this load are short"
    events: list[dict[str, Any]] = page["events"]
    return events


def _plain_messages(record: Record) -> list[str]:
    """Every acknowledged message came; FIFO messages once and in their order."""
    problems = [
        f"message lost: {body}" for body in sorted(record.sent) if body not in record.received
    ]
    for body, ids in record.received.items():
        if body.startswith("group") and len(ids) > 1:
            problems.append(f"a FIFO message was accepted twice: {body} {ids}")
    for group, numbers in record.groups.items():
        if numbers != sorted(numbers):
            problems.append(f"{group} came in the order {numbers}")
    return problems


def _tokens(record: Record) -> list[str]:
    """A token travels in one message, and one answer to it is accepted."""
    problems = [
        f"two messages carry one token: {ids}"
        for ids in record.messages_of.values()
        if len(ids) > 1
    ]
    return problems + [
        f"two answers to one token were accepted: {answers}"
        for answers in record.answered.values()
        if len(answers) > 1
    ]


def _executions_told(record: Record, histories: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Every acknowledged start is there, and nothing but them and the parents' children."""
    problems = [f"execution lost: {name}" for name in record.started if name not in histories]
    children = sum(1 for machine, _ in record.started.values() if machine == "parent")
    if len(histories) != len(record.started) + children:
        problems.append(f"{len(histories)} executions, {len(record.started)} + {children} started")
    return problems


def _answers(record: Record, histories: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Each acknowledged answer is in its execution's history, once; no history has another."""
    told = Counter(
        (name, said) for name, events in histories.items() for said in _said(name, events)
    )
    problems = [f"answered twice: {key}" for key, times in told.items() if times > 1]
    problems += [f"nobody answered: {key}" for key in told if key[1] not in record.tried]
    for answers in record.answered.values():
        problems += [f"answer lost: {answer}" for answer in answers if answer not in told]
    return problems


def _said(name: str, events: list[dict[str, Any]]) -> list[str]:
    if name.startswith("parent"):
        return []
    said = [
        event["taskSucceededEventDetails"]["output"]
        for event in events
        if event["type"] == "TaskSucceeded"
    ]
    return said + [
        event["taskFailedEventDetails"]["cause"]
        for event in events
        if event["type"] == "TaskFailed"
    ]


def _events(machine: str, do: str, events: list[dict[str, Any]]) -> list[str]:
    """Ids without gaps, every step once and after the one before it, the course of its machine."""
    problems = []
    if [event["id"] for event in events] != list(range(1, len(events) + 1)):
        problems.append(f"ids {[event['id'] for event in events]}")
    if any(event["previousEventId"] >= event["id"] for event in events):
        problems.append("an event comes before its cause")
    steps = Counter(_step(event) for event in events)
    problems += [f"twice: {step}" for step, times in steps.items() if times > 1]
    types = [event["type"] for event in events]
    if machine == "fan":
        if Counter(types) != FAN:
            problems.append(f"events {types}")
    elif not re.fullmatch(COURSES[machine, do], "".join(f"{name} " for name in types)):
        problems.append(f"events {types}")
    return problems


def _step(event: dict[str, Any]) -> tuple[object, ...]:
    details = event.get("stateEnteredEventDetails") or event.get("stateExitedEventDetails") or {}
    # The branches of one Parallel state are entered after the same event, under different names.
    return event["previousEventId"], event["type"], details.get("name")
