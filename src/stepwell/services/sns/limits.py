"""The bounds of SNS: AWS's, and for subscriptions of a standard topic a smaller one."""

from __future__ import annotations

MESSAGE_BYTES_MAX = 262_144
"""The largest message, and the largest batch."""
SUBJECT_CHARACTERS_MAX = 100
BATCH_ENTRIES_MAX = 10
PAGE = 100
"""Topics or subscriptions in one answer."""
TAGS_MAX = 50
SUBSCRIPTIONS_MAX = 10_000
"""Subscriptions of one standard topic: every publish looks at each. AWS: 12.5 million."""
FIFO_SUBSCRIPTIONS_MAX = 100
DEDUPLICATION_MILLISECONDS = 300_000
FORGOTTEN_PER_PUBLISH = 4
FILTER_KEYS_MAX = 5
FILTER_COMBINATIONS_MAX = 150
FILTER_BYTES_MAX = 262_144
POLICY_BYTES_MAX = 30_720
