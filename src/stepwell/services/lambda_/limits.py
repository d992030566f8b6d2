"""The bounds of Lambda, AWS's where AWS names one."""

from __future__ import annotations

from dataclasses import dataclass

SYNCHRONOUS_BYTES_MAX = 6_291_456
ASYNCHRONOUS_BYTES_MAX = 1_048_576
RESPONSE_BYTES_MAX = 6_291_556
ZIP_BYTES_MAX = 50 * 1024 * 1024
"""A zip file sent with the request."""
UNPACKED_BYTES_MAX = 250 * 1024 * 1024
"""Code and layers of a function, unpacked."""
ARCHIVE_FILES_MAX = 100_000
ENVIRONMENT_BYTES_MAX = 4_096
LAYERS_MAX = 5
TAGS_MAX = 50
PAGE_MAX = 50
POLICY_BYTES_MAX = 20_480
CODE_PART_BYTES = 1024 * 1024
UNRESERVED_MIN = 100
"""What must be left of the account's concurrency for functions that reserve none."""
RETRIES_DEFAULT = 2
EVENT_AGE_SECONDS_DEFAULT = 6 * 60 * 60
RETRY_PAUSES_MS = (60_000, 120_000)
"""Between the attempts of an asynchronous invocation."""
THROTTLED_FIRST_MS = 1_000
THROTTLED_MAX_MS = 5 * 60_000
EVENTS_UNDER_WAY_MAX = 200
"""Asynchronous invocations that are worked on at the same time."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set."""

    concurrent_executions: int = 1_000
    """The account's limit, in each region."""
    code_bytes_max: int = 80_530_636_800
    """What the account may store; kept for GetAccountSettings."""
