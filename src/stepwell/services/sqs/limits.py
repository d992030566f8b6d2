"""The bounds of SQS: what AWS allows, and what this process keeps in memory."""

from __future__ import annotations

from dataclasses import dataclass

MESSAGE_BYTES_MAX = 1_048_576
"""The largest message, and the largest batch."""
MESSAGE_BYTES_MIN = 1_024
"""The smallest value MaximumMessageSize may take."""
BATCH_ENTRIES_MAX = 10
RECEIVED_MESSAGES_MAX = 10
MESSAGE_ATTRIBUTES_MAX = 10
DELAY_SECONDS_MAX = 900
VISIBILITY_SECONDS_MAX = 43_200
WAIT_SECONDS_MAX = 20
RETENTION_SECONDS_MIN = 60
RETENTION_SECONDS_MAX = 1_209_600
RECEIVE_COUNT_MAX = 1_000
IN_FLIGHT_MAX = 120_000
DEDUPLICATION_MILLISECONDS = 300_000
LIST_PAGE_MAX = 1_000
TAGS_MAX = 50
MOVE_TASKS_LISTED_MAX = 10
MOVE_TASKS_KEPT_MAX = 10
MOVED_PER_SECOND_MAX = 500
MOVED_PER_STEP = 100
"""How many messages one turn of a move task takes along."""
ATTEMPTS_MAX = 10_000
"""How many ReceiveRequestAttemptIds one queue remembers."""
STATEMENT_ACTIONS_MAX = 7
RESIDENT_MESSAGES_MAX = 250_000
"""How far one queue loads when nothing it holds can be received."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator may turn: the window kept in memory, and AWS's waiting times."""

    window_messages: int = 10_000
    window_bytes: int = 64 * 1024 * 1024
    page_messages: int = 500
    """How many rows one load reads."""
    purge_interval_seconds: int = 60
    """PurgeQueue is refused when the one before is younger than this."""
    deleted_name_seconds: int = 0
    """How long the name of a deleted queue cannot be taken again. AWS: 60."""
