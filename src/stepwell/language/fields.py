"""What may stand where: the fields of each state type, and what this server does not run yet.

Pure tables. A field is marked with the query languages that take it: B both, P JSONPath, A JSONata.
"""

from __future__ import annotations

STATE_TYPES = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")
QUERY_LANGUAGES = ("JSONPath", "JSONata")

STATE_NAME_LENGTH_MAX = 80
DEFINITION_LENGTH_MAX = 1_048_576
NESTING_MAX = 120
"""Arrays and objects within each other. A branch within a branch takes four."""

SECONDS_MAX = 99_999_999
MAX_DELAY_SECONDS_MAX = 31_622_400
BACKOFF_RATE_MAX = 99_999_999

TOP_FIELDS = dict.fromkeys(
    ("Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"), "B"
)
BRANCH_FIELDS = dict.fromkeys(("Comment", "StartAt", "States"), "B")
PROCESSOR_FIELDS = {**BRANCH_FIELDS, "ProcessorConfig": "B"}

_COMMON = {"Type": "B", "Comment": "B", "QueryLanguage": "B"}
_FLOW = {"Next": "B", "End": "B"}
_PATHS = {"InputPath": "P", "OutputPath": "P"}
_RESULT = {"Parameters": "P", "ResultPath": "P"}
_WORK = {
    **_COMMON,
    **_FLOW,
    **_PATHS,
    **_RESULT,
    "ResultSelector": "P",
    "Output": "A",
    "Assign": "B",
    "Retry": "B",
    "Catch": "B",
}

STATE_FIELDS: dict[str, dict[str, str]] = {
    "Task": {
        **_WORK,
        "Arguments": "A",
        "Resource": "B",
        "TimeoutSeconds": "B",
        "TimeoutSecondsPath": "P",
        "HeartbeatSeconds": "B",
        "HeartbeatSecondsPath": "P",
        "Credentials": "B",
    },
    "Parallel": {**_WORK, "Arguments": "A", "Branches": "B"},
    "Map": {
        **_WORK,
        "ItemProcessor": "B",
        "Iterator": "B",
        "ItemsPath": "P",
        "Items": "A",
        "ItemSelector": "B",
        "ItemReader": "B",
        "ItemBatcher": "B",
        "ResultWriter": "B",
        "MaxConcurrency": "B",
        "MaxConcurrencyPath": "P",
        "ToleratedFailureCount": "B",
        "ToleratedFailureCountPath": "P",
        "ToleratedFailurePercentage": "B",
        "ToleratedFailurePercentagePath": "P",
        "Label": "B",
    },
    "Pass": {
        **_COMMON,
        **_FLOW,
        **_PATHS,
        **_RESULT,
        "Result": "P",
        "Output": "A",
        "Assign": "B",
    },
    "Wait": {
        **_COMMON,
        **_FLOW,
        **_PATHS,
        "Output": "A",
        "Assign": "B",
        "Seconds": "B",
        "SecondsPath": "P",
        "Timestamp": "B",
        "TimestampPath": "P",
    },
    "Choice": {
        **_COMMON,
        **_PATHS,
        "Choices": "B",
        "Default": "B",
        "Output": "A",
        "Assign": "B",
    },
    "Succeed": {**_COMMON, **_PATHS, "Output": "A"},
    "Fail": {**_COMMON, "Error": "B", "ErrorPath": "P", "Cause": "B", "CausePath": "P"},
}

RETRIER_FIELDS = dict.fromkeys(
    (
        "Comment",
        "ErrorEquals",
        "IntervalSeconds",
        "MaxAttempts",
        "BackoffRate",
        "MaxDelaySeconds",
        "JitterStrategy",
    ),
    "B",
)
CATCHER_FIELDS = {
    "Comment": "B",
    "ErrorEquals": "B",
    "Next": "B",
    "ResultPath": "P",
    "Output": "A",
    "Assign": "B",
}

REQUIRED_FIELDS: dict[str, tuple[str, ...]] = {
    "Task": ("Resource",),
    "Parallel": ("Branches",),
    "Choice": ("Choices",),
}

FLOWING_TYPES = frozenset({"Task", "Parallel", "Map", "Pass", "Wait"})
"""The state types that go on to Next or End."""

WAIT_FIELDS = ("SecondsPath", "Seconds", "TimestampPath", "Timestamp")
PROCESSOR_NAMES = ("ItemProcessor", "Iterator")

ONE_OF_FIELDS: dict[str, tuple[str, ...]] = {"Wait": WAIT_FIELDS, "Map": PROCESSOR_NAMES}
"""Groups of which one must be there."""

EXCLUSIVE_FIELDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "Task": (
        ("TimeoutSeconds", "TimeoutSecondsPath"),
        ("HeartbeatSeconds", "HeartbeatSecondsPath"),
    ),
    "Fail": (("Error", "ErrorPath"), ("Cause", "CausePath")),
    "Wait": (WAIT_FIELDS,),
    "Map": (
        PROCESSOR_NAMES,
        ("ItemSelector", "Parameters"),
        ("MaxConcurrency", "MaxConcurrencyPath"),
        ("ToleratedFailureCount", "ToleratedFailureCountPath"),
        ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    ),
}
"""Groups of which at most one may be there."""

# What AWS runs and this server does not yet. A definition that AWS would take is refused
# with each of these by name; delete a row when the thing is built.
FIELDS_NOT_YET: frozenset[str] = frozenset()
MAP_MODES_NOT_YET: frozenset[str] = frozenset()
QUERY_LANGUAGES_NOT_YET: frozenset[str] = frozenset()
