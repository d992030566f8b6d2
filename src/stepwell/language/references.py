"""Which variables each state reads, and which it assigns: what DescribeStateMachine shows, and what
the scopes of variables are checked by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from stepwell.language.choice_operators import OPERATORS
from stepwell.language.jsonata.adapter import JsonataSyntaxError
from stepwell.language.jsonata.templates import expression, is_expression, texts
from stepwell.language.templates import MARK, expression_variables
from stepwell.values import JsonObject, JsonValue

INNER = frozenset({"Branches", "ItemProcessor", "Iterator"})
"""The fields that hold states of their own."""

_FUNCTIONS = """
    abs append assert average base64decode base64encode boolean ceil contains count
    decodeUrl decodeUrlComponent distinct each encodeUrl encodeUrlComponent error eval exists
    filter floor formatBase formatInteger formatNumber fromMillis hash join keys length lookup
    lowercase map match max merge millis min not now number pad parse parseInteger partition power
    random range reduce replace reverse round shuffle sift single sort split spread sqrt string
    substring substringAfter substringBefore sum toMillis trim type uppercase uuid zip
"""

BUILT_IN = frozenset(_FUNCTIONS.split())
"""The functions of JSONata and those that Step Functions adds: names that are no variables."""

_DEPTH_MAX = 200


def variable_references(definition: JsonObject) -> dict[str, tuple[str, ...]]:
    """The sorted names of the variables that each state reads, for the states that read any."""
    machine = cast("str", definition.get("QueryLanguage", "JSONPath"))
    found: dict[str, tuple[str, ...]] = {}
    for name, state in all_states(definition):
        names = state_references(state, cast("str", state.get("QueryLanguage", machine)))
        if names:
            found[name] = tuple(sorted(names))
    return found


def all_states(scope: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """All states of a scope and of the scopes within."""
    for name, state in cast("dict[str, JsonObject]", scope["States"]).items():
        yield name, state
        for inner in inner_scopes(state):
            yield from all_states(inner)


def inner_scopes(state: JsonObject) -> Iterator[JsonObject]:
    """The scopes within a state."""
    branches = state.get("Branches")
    for branch in branches if isinstance(branches, list) else ():
        if isinstance(branch, dict):
            yield branch
    for name in ("ItemProcessor", "Iterator"):
        processor = state.get(name)
        if isinstance(processor, dict):
            yield processor


def state_references(state: JsonObject, language: str) -> set[str]:
    """The variables that a state reads itself."""
    own: JsonObject = {name: value for name, value in state.items() if name not in INNER}
    return _in_jsonata(own) if language == "JSONata" else _in_jsonpath(own, 0)


def _in_jsonata(state: JsonObject) -> set[str]:
    names: set[str] = set()
    for text, _ in texts(state, ""):
        if is_expression(text):
            names |= expression_references(text)
    return names


def expression_references(text: str) -> set[str]:
    """The variables that `{% ... %}` reads."""
    try:
        analysis = expression(text).analysis
    except JsonataSyntaxError:
        return set()
    return analysis.variables - analysis.called - BUILT_IN


def _in_jsonpath(value: JsonValue, depth: int) -> set[str]:
    """Fields that hold a path or, in a template, end in `.$`."""
    names: set[str] = set()
    if depth > _DEPTH_MAX:
        return names
    if isinstance(value, list):
        for item in value:
            names |= _in_jsonpath(item, depth + 1)
    elif isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, str) and _is_evaluated(name):
                names |= expression_variables(member)
            elif name != "Result" or depth:
                names |= _in_jsonpath(member, depth + 1)
    return names


def _is_evaluated(name: str) -> bool:
    if name.endswith(MARK) or name == "Variable":
        return True
    return name.endswith("Path") and (name in OPERATORS or name in _PATH_FIELDS)


_PATH_FIELDS = frozenset(
    {
        "InputPath",
        "OutputPath",
        "ItemsPath",
        "SecondsPath",
        "TimestampPath",
        "TimeoutSecondsPath",
        "HeartbeatSecondsPath",
        "ErrorPath",
        "CausePath",
        "MaxConcurrencyPath",
        "ToleratedFailureCountPath",
        "ToleratedFailurePercentagePath",
        "MaxItemsPath",
        "MaxItemsPerBatchPath",
        "MaxInputBytesPerBatchPath",
    }
)


def assigned_names(state: JsonObject, language: str) -> set[str]:
    """The variables that a state assigns, in whatever way it ends."""
    holders = [state]
    for name in ("Choices", "Catch"):
        entries = state.get(name)
        holders += [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    return {
        variable_name(name, language)
        for holder in holders
        for assign in [holder.get("Assign")]
        if isinstance(assign, dict)
        for name in assign
    }


def variable_name(key: str, language: str) -> str:
    """The name of the variable that a key of Assign stands for."""
    return key.removesuffix(MARK) if language == "JSONPath" else key
