"""Names of parameters: which may be, and how a name, a selector and an ARN are told apart."""

from __future__ import annotations

import re

from stepwell.errors import ServiceError
from stepwell.services.ssm.errors import invalid

LEVELS_MAX = 15
NAME_CHARACTERS_MAX = 1_011
_NAME = re.compile(r"[A-Za-z0-9_.\-/]+")
_FORM = (
    "If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can "
    "be formed as a mix of letters, numbers and the following 3 symbols .-_"
)
_PATH = (
    "The parameter doesn't meet the parameter name requirements. The parameter name must begin "
    'with a forward slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It '
    "must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ "
    "(underscore). Special characters are not allowed. All sub-paths, if specified, must use the "
    'forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.'
)
REFERENCE = "/aws/reference/secretsmanager/"
"""Names that begin so are secrets."""


def check_name(name: str) -> None:
    """Raises what PutParameter answers to a name that cannot be."""
    first = name.lstrip("/").split("/", 1)[0].lower()
    if first.startswith(("aws", "ssm")):
        if name.startswith("/") and first.startswith("aws"):
            raise ServiceError(
                "AccessDeniedException", f"No access to reserved parameter name: {name}."
            )
        prefix = "aws" if first.startswith("aws") else "ssm"
        raise invalid(
            f'Parameter name: can\'t be prefixed with "{prefix}" (case-insensitive). {_FORM}'
        )
    if "/" in name and not name.startswith("/"):
        raise invalid("Parameter name must be a fully qualified name.")
    if not _NAME.fullmatch(name) or name.endswith("/") or "//" in name:
        raise invalid(
            f'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive). {_FORM}'
        )
    if len(name) > NAME_CHARACTERS_MAX:
        raise invalid(f"Parameter name must be at most {NAME_CHARACTERS_MAX} characters long.")
    if name.count("/") > LEVELS_MAX:
        raise ServiceError(
            "HierarchyLevelLimitExceededException",
            f"A hierarchy can have a maximum of {LEVELS_MAX} levels.",
        )


def check_path(path: str) -> None:
    """Raises what GetParametersByPath answers to a path that cannot be."""
    if not path.startswith("/") or not _NAME.fullmatch(path):
        raise invalid(_PATH)


def split(given: str) -> tuple[str, str]:
    """Name and selector (`:3`, `:label`, or nothing) of a name or an ARN."""
    if given.startswith("arn:"):
        parts = given.split(":", 6)
        name = parts[5].removeprefix("parameter") if len(parts) > 5 else ""
        selector = f":{parts[6]}" if len(parts) > 6 else ""
        # The ARN of a name without a slash has one all the same.
        return (name if name.count("/") > 1 else name.removeprefix("/")), selector
    name, colon, selector = given.partition(":")
    return name, colon + selector


def arn(account: str, region: str, name: str) -> str:
    """The parameter's ARN."""
    partition = "aws-cn" if region.startswith("cn-") else "aws"
    slash = "" if name.startswith("/") else "/"
    return f"arn:{partition}:ssm:{region}:{account}:parameter{slash}{name}"


def place(scope: str, name: str) -> str:
    """The partition of a parameter's versions."""
    return f"{scope} {name}"
