"""A bucket's lifecycle rules: which objects, versions and uploads end, and when.

Days are counted as S3 counts them: a time and so many days, rounded up to the next midnight UTC.
Transitions to other storage classes are kept and shown; there is one kind of storage here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

from stepwell.services.s3.errors import invalid_argument, invalid_request, malformed_xml
from stepwell.services.s3.records import BucketRow, ObjectRow
from stepwell.services.s3.shown import loaded
from stepwell.values import decode

SETTING = "lifecycle"
RULES_MAX = 1_000
_DAY_MS = 86_400_000
_ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One enabled rule."""

    id: str
    prefix: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    larger_than: int = -1
    smaller_than: int | None = None
    days: int | None = None
    """After the creation of the newest version."""
    at: int | None = None
    """The time from which on newest versions end, in epoch milliseconds."""
    lone_markers: bool = False
    noncurrent_days: int | None = None
    newer_kept: int = 0
    """How many noncurrent versions stay, whatever their age."""
    upload_days: int | None = None

    def wants(self, row: ObjectRow) -> bool:
        """Whether the rule is about an object."""
        if not row.key.startswith(self.prefix) or row.size <= self.larger_than:
            return False
        if self.smaller_than is not None and row.size >= self.smaller_than:
            return False
        return not self.tags or self.tags.items() <= loaded(row.tags).items()

    def expires_at(self, row: ObjectRow) -> int | None:
        """When the newest version of an object ends; None for never."""
        if self.at is not None:
            return self.at
        return None if self.days is None else midnight_after(row.modified_at, self.days)


def midnight_after(time: int, days: int) -> int:
    """So many days after a time (epoch milliseconds), rounded up to midnight."""
    return -(-(time + days * _DAY_MS) // _DAY_MS) * _DAY_MS


@lru_cache(maxsize=1_000)
def rules_of(settings: str) -> tuple[Rule, ...]:
    """The enabled rules in a bucket's settings."""
    if f'"{SETTING}"' not in settings:
        return ()
    kept = cast("dict[str, Any]", decode(settings)).get(SETTING) or {}
    return tuple(_read(rule) for rule in kept.get("Rules", ()) if rule["Status"] == "Enabled")


def expiry_of(settings: str, row: ObjectRow) -> tuple[int, str] | None:
    """When the newest version of an object ends, and by which rule: the first one to do so."""
    found = [
        (at, rule.id)
        for rule in rules_of(settings)
        if rule.wants(row) and (at := rule.expires_at(row)) is not None
    ]
    return min(found, default=None)


def _read(rule: Mapping[str, Any]) -> Rule:
    given = rule.get("Filter") or {}
    narrowed = {**given, **(given.get("And") or {})}
    tags = [given["Tag"]] if given.get("Tag") else narrowed.get("Tags", ())
    expiration = rule.get("Expiration") or {}
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    uploads = rule.get("AbortIncompleteMultipartUpload") or {}
    date = expiration.get("Date")
    return Rule(
        rule["ID"],
        narrowed.get("Prefix") or rule.get("Prefix") or "",
        {tag["Key"]: tag["Value"] for tag in tags},
        narrowed.get("ObjectSizeGreaterThan", -1),
        narrowed.get("ObjectSizeLessThan"),
        expiration.get("Days"),
        None if date is None else int(date * 1000),
        bool(expiration.get("ExpiredObjectDeleteMarker")),
        noncurrent.get("NoncurrentDays"),
        noncurrent.get("NewerNoncurrentVersions", 0),
        uploads.get("DaysAfterInitiation"),
    )


# What may be configured


def checked_rules(
    rules: Sequence[Mapping[str, Any]], new_id: Callable[[], str]
) -> list[dict[str, Any]]:
    """The rules as they are kept, each with an id. Raises ServiceError."""
    if not 1 <= len(rules) <= RULES_MAX:
        raise malformed_xml()
    kept: list[dict[str, Any]] = []
    for rule in rules:
        _check(rule)
        kept.append({**rule, "ID": rule.get("ID") or new_id()})
    ids = [rule["ID"] for rule in kept]
    for one in ids:
        if len(one) > 255:
            raise invalid_argument("ID length should not exceed allowed limit of 255", "ID", one)
        if ids.count(one) > 1:
            text = "Rule ID must be unique. Found same ID for more than one rule"
            raise invalid_argument(text, "ID", one)
    return kept


def _check(rule: Mapping[str, Any]) -> None:
    if rule.get("Status") not in ("Enabled", "Disabled"):
        raise malformed_xml()
    if ("Filter" in rule) == ("Prefix" in rule):
        raise malformed_xml()
    if not any(rule.get(action) for action in _ACTIONS):
        raise invalid_request("At least one action needs to be specified in a rule")
    _check_filter(rule.get("Filter") or {})
    if "Expiration" in rule:
        _check_expiration(rule)
    noncurrent = rule.get("NoncurrentVersionExpiration") or {}
    _positive(noncurrent, "NoncurrentDays", "NoncurrentVersionExpiration")
    _positive(noncurrent, "NewerNoncurrentVersions", "NoncurrentVersionExpiration")
    if noncurrent and "NoncurrentDays" not in noncurrent:
        raise malformed_xml()
    _positive(
        rule.get("AbortIncompleteMultipartUpload") or {},
        "DaysAfterInitiation",
        "AbortIncompleteMultipartUpload",
    )


def _check_filter(given: Mapping[str, Any]) -> None:
    if len(given) > 1:
        raise malformed_xml()
    narrowed = given.get("And")
    if narrowed is not None and len(narrowed) + len(narrowed.get("Tags", ())) < 2:
        raise malformed_xml()


def _check_expiration(rule: Mapping[str, Any]) -> None:
    expiration = rule["Expiration"] or {}
    if len(expiration) != 1:
        raise malformed_xml()
    _positive(expiration, "Days", "Expiration")
    date = expiration.get("Date")
    if date is not None and int(date * 1000) % _DAY_MS:
        raise invalid_argument("'Date' must be at midnight GMT", "Date", _date_text(date))
    given = rule.get("Filter") or {}
    narrowed = {**given, **(given.get("And") or {})}
    if expiration.get("ExpiredObjectDeleteMarker") and (
        narrowed.get("Tag") or narrowed.get("Tags")
    ):
        raise invalid_request(
            "ExpiredObjectDeleteMarker cannot be specified with Object Tag Filter."
        )


def _positive(given: Mapping[str, Any], name: str, action: str) -> None:
    value = given.get(name)
    if value is not None and value < 1:
        text = f"'{name}' for {action} action must be a positive integer"
        raise invalid_argument(text, name, str(value))


def _date_text(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}Z"


def expiration_shown(bucket: BucketRow, row: ObjectRow) -> dict[str, str]:
    """What answers tell of the end of an object; nothing when it has none."""
    found = expiry_of(bucket.settings, row)
    if found is None:
        return {}
    moment = datetime.fromtimestamp(found[0] / 1000, UTC)
    date = f"{moment:%a, %d %b %Y %H:%M:%S} GMT"
    return {"Expiration": f'expiry-date="{date}", rule-id="{found[1]}"'}
