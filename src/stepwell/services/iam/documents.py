"""Policy documents: JSON of the right shape, in AWS's order of looking."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from stepwell.services.iam.errors import limit_exceeded, malformed_policy
from stepwell.values import BadJson, JsonValue, decode_payload

_VERSIONS = ("2012-10-17", "2008-10-17")
_MEMBERS = frozenset({"Version", "Id", "Statement"})
_STATEMENT = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)
_SYNTAX = "Syntax errors in policy."
_ACTION = re.compile(r"[A-Za-z0-9*?_.\-]+:[A-Za-z0-9*?_.\-]+")


def check_identity_policy(text: str, characters_max: int, what: str) -> None:
    """A policy of a role, user or group, or a managed one. Raises MalformedPolicyDocument."""
    for statement in _statements(text, no_json=_SYNTAX):
        if "Principal" in statement or "NotPrincipal" in statement:
            raise malformed_policy("Policy document should not specify a principal.")
        _check_actions(statement)
        _check_resources(statement)
    if len("".join(text.split())) > characters_max:
        raise limit_exceeded(f"Maximum policy size of {characters_max} bytes exceeded for {what}")


def check_trust_policy(text: str) -> None:
    """Who may assume a role. Raises MalformedPolicyDocument."""
    for statement in _statements(text, no_json="This policy contains invalid Json"):
        if "Resource" in statement or "NotResource" in statement:
            raise malformed_policy("Has prohibited field Resource")
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise malformed_policy("Missing required field Principal")
        _check_actions(statement)
        for action in _texts(statement.get("Action")):
            if action != "*" and not action.lower().startswith(("sts:", "*")):
                raise malformed_policy("AssumeRole policy may only specify STS AssumeRole actions.")


def shown(document: str) -> str:
    """As answers carry documents: percent-encoded."""
    return quote(document, safe="")


def _statements(text: str, *, no_json: str) -> list[dict[str, JsonValue]]:
    if text[:1].isspace():
        raise malformed_policy("The policy failed legacy parsing")
    try:
        policy = decode_payload(text)
    except BadJson:
        raise malformed_policy(no_json) from None
    if not isinstance(policy, dict) or policy.keys() - _MEMBERS:
        raise malformed_policy(_SYNTAX)
    if policy.get("Version", "2008-10-17") not in _VERSIONS:
        raise malformed_policy(_SYNTAX)
    given = policy.get("Statement")
    statements = [given] if isinstance(given, dict) else given
    if not isinstance(statements, list) or not statements:
        raise malformed_policy(_SYNTAX)
    checked = [_check_statement(each) for each in statements]
    sids = [each["Sid"] for each in checked if each.get("Sid")]
    if len({str(sid) for sid in sids}) < len(sids):
        raise malformed_policy("Statement IDs (SID) in a single policy must be unique.")
    return checked


def _check_statement(statement: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(statement, dict) or statement.keys() - _STATEMENT:
        raise malformed_policy(_SYNTAX)
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise malformed_policy(_SYNTAX)
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource")):
        if one in statement and other in statement:
            raise malformed_policy(_SYNTAX)
    sid = statement.get("Sid", "")
    if not isinstance(sid, str):
        raise malformed_policy(_SYNTAX)
    if not isinstance(statement.get("Condition", {}), dict):
        raise malformed_policy(_SYNTAX)
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        value = statement.get(name, "")
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in items):
            raise malformed_policy(_SYNTAX)
    return statement


def _check_actions(statement: Mapping[str, JsonValue]) -> None:
    actions = _texts(statement.get("Action", statement.get("NotAction")))
    if not actions:
        raise malformed_policy("Policy statement must contain actions.")
    for action in actions:
        if action == "*":
            continue
        if ":" not in action:
            raise malformed_policy(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
            )
        if not _ACTION.fullmatch(action):
            raise malformed_policy(_SYNTAX)


def _check_resources(statement: Mapping[str, JsonValue]) -> None:
    resources = _texts(statement.get("Resource", statement.get("NotResource")))
    if not resources:
        raise malformed_policy("Policy statement must contain resources.")
    for resource in resources:
        if resource == "*" or resource.startswith(("arn:", "*", "${")):
            parts = resource.split(":")
            if resource.startswith("arn:") and len(parts) < 6 and "*" not in resource:
                raise malformed_policy("The policy failed legacy parsing")
            continue
        raise malformed_policy(f'Resource {resource} must be in ARN format or "*".')


def _texts(value: JsonValue) -> list[str]:
    if isinstance(value, list):
        return [item for item in value if isinstance(item, str)]
    return [value] if isinstance(value, str) else []
