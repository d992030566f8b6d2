"""Lint for loops that take no time and so run into the end of the history.

A loop is a set of states of one scope that all lead to each other. It is spoken of only when

- nothing in it takes time: no Wait, no task token, no activity, no job that is waited for, also not
  within its branches or items; and
- it has no way out: no state of it leads elsewhere or ends, but for catchers; or the only work in
  it is to ask for a status, and nothing in it counts or turns pages.

A loop with a counter has a Choice that leads out and work that is more than asking, or compares
numbers; a loop over pages asks whether there is another page. Neither is spoken of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stepwell.language.check_graph import targets
from stepwell.language.diagnostics import WARNING, Diagnostic
from stepwell.language.resources import parse_resource
from stepwell.values import JsonObject, JsonValue

LOOP_WITHOUT_END = "LOOP_WITHOUT_END"
LOOP_WITHOUT_WAIT = "LOOP_WITHOUT_WAIT"

_ASKING = re.compile(r"(?:get|describe|list|head|batchGet|batchDescribe)(?:[A-Z]|$)")
_COUNTING = re.compile(
    r"Numeric(?:Equals|Greater|Less)|IsPresent|IsNull|States\.(?:MathAdd|Array)|[<>]|\bcount\("
    r"|NextToken|nextToken|exists\("
)
_NAMED_MAX = 5


def loop_findings(
    states: dict[str, JsonObject], pointer: str
) -> Iterator[tuple[list[str], Diagnostic]]:
    """What is to say about each loop of a scope, with the names of its states."""
    for loop in loops({name: _next_states(state, states) for name, state in states.items()}):
        members = {name: states[name] for name in loop}
        if any(_takes_time(state) for state in members.values()):
            continue
        place = f"{pointer}/States/{loop[0]}"
        if not any(_leads_out(state, members) for state in members.values()):
            yield loop, _without_end(loop, place)
        elif _only_asks(members):
            yield loop, _without_wait(loop, place)


def _without_end(loop: list[str], place: str) -> Diagnostic:
    return Diagnostic(
        WARNING,
        LOOP_WITHOUT_END,
        f"{_named(loop)} never ends and never waits: only a failure stops it, or the limit of "
        "25,000 history events on AWS",
        place,
        hint="lead out of the loop with a Choice, or put a Wait into it",
    )


def _without_wait(loop: list[str], place: str) -> Diagnostic:
    return Diagnostic(
        WARNING,
        LOOP_WITHOUT_WAIT,
        f"{_named(loop)} asks for a status again and again without a Wait: a slow job drives it "
        "into the limit of 25,000 history events on AWS, and each round costs a call",
        place,
        hint="put a Wait state into the loop, before it asks again",
    )


def _named(loop: list[str]) -> str:
    if len(loop) == 1:
        return f"The loop of '{loop[0]}'"
    shown = ", ".join(f"'{name}'" for name in loop[:_NAMED_MAX])
    return f"The loop of {shown}" + (" and others" if len(loop) > _NAMED_MAX else "")


def _next_states(state: JsonObject, states: dict[str, JsonObject]) -> list[str]:
    """Where a state goes when all is well; catchers are for when it is not."""
    return [target for target in _targets(state) if target in states]


def _targets(state: JsonObject) -> list[str]:
    return [target for target, place in targets(state, "") if not place.startswith("/Catch")]


def _leads_out(state: JsonObject, loop: dict[str, JsonObject]) -> bool:
    """Whether a state ends its scope, goes elsewhere, or fails because no choice fits."""
    if state.get("End") is True or state.get("Type") in ("Succeed", "Fail"):
        return True
    if state.get("Type") == "Choice" and "Default" not in state:
        return True
    return any(target not in loop for target in _targets(state))


def _takes_time(state: JsonObject) -> bool:
    """Whether the state, or one within it, waits for time or for somebody outside."""
    waiting: list[JsonValue] = [state]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            if value.get("Type") == "Wait" or _waits_outside(value):
                return True
            waiting += value.values()
    return False


def _waits_outside(state: JsonObject) -> bool:
    arn = state.get("Resource")
    if state.get("Type") != "Task" or not isinstance(arn, str):
        return False
    resource = parse_resource(arn)
    # What AWS does not know may be anything, so it counts as taking its time.
    return resource is None or resource.kind == "activity" or resource.pattern != ""


def _only_asks(loop: dict[str, JsonObject]) -> bool:
    """Whether the loop's only work is to ask, and nothing in it counts or turns pages."""
    tasks = [state for state in loop.values() if state.get("Type") in ("Task", "Parallel", "Map")]
    return bool(tasks) and all(map(_asks, tasks)) and not any(map(_counts, loop.values()))


def _asks(state: JsonObject) -> bool:
    arn = state.get("Resource")
    resource = parse_resource(arn) if isinstance(arn, str) else None
    if resource is None or resource.kind != "service":
        return False
    return _ASKING.match(resource.action) is not None


def _counts(state: JsonObject) -> bool:
    """Whether a state compares numbers, calculates, or asks whether something is there."""
    waiting: list[JsonValue] = [state]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += [*value, *(v for k, v in value.items() if k not in ("Comment", "Next"))]
        elif isinstance(value, str) and _COUNTING.search(value):
            return True
    return False


def loops(successors: dict[str, list[str]]) -> list[list[str]]:
    """The sets of states that all lead to each other, each in the order of the definition.

    Tarjan's strongly connected components, without recursion: a definition may have thousands of
    states in a row.
    """
    order = {name: position for position, name in enumerate(successors)}
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in successors:
        if root in index:
            continue
        path = [(root, iter(successors[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while path:
            name, following = path[-1]
            after = next(following, None)
            if after is None:
                path.pop()
                if path:
                    above = path[-1][0]
                    low[above] = min(low[above], low[name])
                if low[name] == index[name]:
                    component = _pop_through(stack, name)
                    on_stack.difference_update(component)
                    if len(component) > 1 or name in successors[name]:
                        found.append(sorted(component, key=order.__getitem__))
            elif after not in index:
                path.append((after, iter(successors[after])))
                index[after] = low[after] = len(index)
                stack.append(after)
                on_stack.add(after)
            elif after in on_stack:
                low[name] = min(low[name], index[after])
    return found


def _pop_through(stack: list[str], name: str) -> list[str]:
    """Take the names off the stack down to this one."""
    popped = [stack.pop()]
    while popped[-1] != name:
        popped.append(stack.pop())
    return popped
