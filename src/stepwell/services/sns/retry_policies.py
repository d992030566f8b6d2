"""When a delivery that failed is tried again, by protocol, and the policies that say so."""

from __future__ import annotations

from collections.abc import Mapping

from stepwell.services.deliveries.delivery import Retries
from stepwell.services.sns.errors import invalid_parameter, not_here
from stepwell.values import BadJson, JsonObject, JsonValue, decode_payload

_DAY = 86_400

MANAGED = Retries(
    attempts_max=100_015,
    age_seconds_max=23 * _DAY,
    pause_seconds_max=20.0,
    pauses=(0, 0, 0, 1, 1, 1, 1.4, 1.9, 2.7, 3.8, 5.3, 7.4, 10.3, 14.3, 20),
)
"""Queues and functions: at once, before the backoff, backing off, then every 20 seconds."""

MAIL = Retries(
    attempts_max=50,
    age_seconds_max=_DAY,
    pause_seconds_max=600.0,
    pauses=(10, 10, 10, 15.8, 24.8, 39.1, 61.6, 97.1, 153, 241, 380, 600),
)

HEALTHY: dict[str, JsonValue] = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
"""AWS's policy for HTTP endpoints that have none of their own."""

CONTENT_TYPE = "text/plain; charset=UTF-8"
_NUMBERS = {
    "minDelayTarget": (1, 3600),
    "maxDelayTarget": (1, 3600),
    "numRetries": (0, 100),
    "numMaxDelayRetries": (0, 100),
    "numNoDelayRetries": (0, 100),
    "numMinDelayRetries": (0, 100),
}
_BACKOFFS = ("linear", "arithmetic", "geometric", "exponential")


def effective(topic_text: str | None, own_text: str | None) -> JsonObject:
    """The policy of an HTTP subscription: its own, its topic's, AWS's."""
    http = _member(_object(topic_text), "http")
    own = _object(own_text)
    if http.get("disableSubscriptionOverrides") is True:
        own = {}
    healthy = HEALTHY | _member(http, "defaultHealthyRetryPolicy")
    healthy |= _member(own, "healthyRetryPolicy")
    request: JsonObject = {"headerContentType": CONTENT_TYPE}
    asked = _member(http, "defaultRequestPolicy") | _member(own, "requestPolicy")
    return {"healthyRetryPolicy": healthy, "requestPolicy": request | asked}


def effective_of_topic(topic_text: str | None) -> JsonObject:
    """What GetTopicAttributes shows as EffectiveDeliveryPolicy."""
    policy = effective(topic_text, None)
    http = _member(_object(topic_text), "http")
    return {
        "http": {
            "defaultHealthyRetryPolicy": policy["healthyRetryPolicy"],
            "disableSubscriptionOverrides": http.get("disableSubscriptionOverrides", False),
            "defaultRequestPolicy": policy["requestPolicy"],
        }
    }


def http_retries(policy: JsonObject) -> Retries:
    """The pauses of an effective policy."""
    healthy = _member(policy, "healthyRetryPolicy")
    number = {name: _whole(healthy.get(name)) for name in _NUMBERS}
    low, high = number["minDelayTarget"], number["maxDelayTarget"]
    pauses: list[float] = [0.0] * number["numNoDelayRetries"]
    pauses += [float(low)] * number["numMinDelayRetries"]
    steps = number["numRetries"] - len(pauses) - number["numMaxDelayRetries"]
    pauses += _backoff(str(healthy.get("backoffFunction")), low, high, max(0, steps))
    pauses += [float(high)] * number["numMaxDelayRetries"]
    pauses = pauses[: number["numRetries"]]
    return Retries(
        attempts_max=len(pauses),
        age_seconds_max=int(sum(pauses)) + _DAY,
        pause_seconds_max=float(high),
        pauses=tuple(pauses),
    )


def _backoff(function: str, low: int, high: int, steps: int) -> list[float]:
    if steps <= 1:
        return [float(low)] * steps
    places = [step / (steps - 1) for step in range(steps)]
    if function == "arithmetic":
        shares = [place * (place + 1) / 2 for place in places]
    elif function == "geometric":
        return [round(low * (high / low) ** place, 1) for place in places]
    elif function == "exponential":
        shares = [(2 ** (place * 4) - 1) / 15 for place in places]
    else:
        shares = places
    return [round(low + (high - low) * share, 1) for share in shares]


def check_topic_policy(text: str) -> None:
    """Raises InvalidParameter."""
    policy = _parsed(text)
    http = _member(policy, "http")
    if "defaultThrottlePolicy" in http:
        raise not_here("throttlePolicy in a DeliveryPolicy")
    _check_healthy(_member(http, "defaultHealthyRetryPolicy"))


def check_subscription_policy(text: str) -> None:
    """Raises InvalidParameter."""
    policy = _parsed(text)
    if policy.get("throttlePolicy") is not None:
        raise not_here("throttlePolicy in a DeliveryPolicy")
    _check_healthy(_member(policy, "healthyRetryPolicy"))


def _check_healthy(healthy: JsonObject) -> None:
    for name, value in healthy.items():
        if name == "backoffFunction":
            if value not in _BACKOFFS:
                raise invalid_parameter(f"DeliveryPolicy: {name} must be one of {_BACKOFFS}")
        elif name not in _NUMBERS:
            raise invalid_parameter(f"DeliveryPolicy: unknown field {name}")
        elif value is not None:
            low, high = _NUMBERS[name]
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise invalid_parameter(
                    f"DeliveryPolicy: {name} must be greater than or equal to {low} and "
                    f"less than or equal to {high}"
                )
    full = HEALTHY | {name: value for name, value in healthy.items() if value is not None}
    if _whole(full["maxDelayTarget"]) < _whole(full["minDelayTarget"]):
        raise invalid_parameter(
            "DeliveryPolicy: maxDelayTarget must be greater than or equal to minDelayTarget"
        )


def _whole(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def _parsed(text: str) -> JsonObject:
    try:
        policy = decode_payload(text)
    except BadJson:
        raise invalid_parameter("DeliveryPolicy: failed to parse JSON") from None
    if not isinstance(policy, dict):
        raise invalid_parameter("DeliveryPolicy: failed to parse JSON")
    return policy


def _object(text: str | None) -> JsonObject:
    policy = decode_payload(text) if text else {}
    return policy if isinstance(policy, dict) else {}


def _member(policy: Mapping[str, JsonValue], name: str) -> JsonObject:
    """A member that is an object, without what it leaves open."""
    value = policy.get(name)
    if not isinstance(value, dict):
        return {}
    return {name: each for name, each in value.items() if each is not None}
