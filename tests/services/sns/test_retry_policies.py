"""Pauses between attempts, from AWS's delivery policies."""

from __future__ import annotations

import json

import pytest

from stepwell.errors import ServiceError
from stepwell.services.sns.retry_policies import (
    MANAGED,
    check_subscription_policy,
    effective,
    http_retries,
)


def test_without_a_policy() -> None:
    """Three times, 20 seconds apart."""
    assert list(http_retries(effective(None, None)).pauses) == [20.0, 20.0, 20.0]


def test_phases() -> None:
    """At once, the shortest pause, growing ones, the longest one."""
    healthy = {
        "numRetries": 9,
        "numNoDelayRetries": 2,
        "numMinDelayRetries": 1,
        "numMaxDelayRetries": 1,
        "minDelayTarget": 10,
        "maxDelayTarget": 50,
        "backoffFunction": "linear",
    }
    own = json.dumps({"healthyRetryPolicy": healthy})
    pauses = list(http_retries(effective(None, own)).pauses)
    assert pauses == [0, 0, 10, 10, 20, 30, 40, 50, 50]


def test_the_topic_can_forbid_policies_of_subscriptions() -> None:
    """disableSubscriptionOverrides makes the topic's policy count."""
    topic = {"http": {"disableSubscriptionOverrides": True}}
    own = {"healthyRetryPolicy": {"numRetries": 50}}
    assert http_retries(effective(json.dumps(topic), json.dumps(own))).attempts_max == 3


def test_queues_are_tried_for_23_days() -> None:
    """100,015 attempts; the last ones are 20 seconds apart."""
    assert MANAGED.attempts_max == 100_015
    assert [MANAGED.pause_seconds(n) for n in (0, 3, 15, 90_000)] == [0, 1, 20, 20]


@pytest.mark.parametrize(
    "policy",
    [
        "x",
        '{"healthyRetryPolicy":{"numRetries":101}}',
        '{"healthyRetryPolicy":{"minDelayTarget":30,"maxDelayTarget":20}}',
        '{"healthyRetryPolicy":{"backoffFunction":"random"}}',
        '{"healthyRetryPolicy":{"unknown":1}}',
        '{"throttlePolicy":{"maxReceivesPerSecond":1}}',
    ],
)
def test_policies_that_cannot_be(policy: str) -> None:
    """They are refused with InvalidParameter."""
    with pytest.raises(ServiceError) as refused:
        check_subscription_policy(policy)
    assert refused.value.code == "InvalidParameter"
