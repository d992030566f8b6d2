"""GetRandomPassword."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

from stepwell.services.api import Call, Params
from stepwell.services.secretsmanager.errors import invalid_parameter
from stepwell.services.secretsmanager.secrets import Secrets

LENGTH = 32
LENGTH_MAX = 4_096
_KINDS = (
    ("ExcludeLowercase", string.ascii_lowercase),
    ("ExcludeUppercase", string.ascii_uppercase),
    ("ExcludeNumbers", string.digits),
    ("ExcludePunctuation", string.punctuation),
)


async def get_random_password(secrets: Secrets, call: Call, params: Params) -> dict[str, Any]:
    """GetRandomPassword: one of each kind of character, unless that is switched off."""
    length = params.get("PasswordLength") or LENGTH
    if length > LENGTH_MAX:
        raise invalid_parameter(f"Password length must be at most {LENGTH_MAX} characters.")
    excluded = set(params.get("ExcludeCharacters") or "")
    kinds = [
        "".join(letter for letter in letters if letter not in excluded)
        for switch, letters in _KINDS
        if not params.get(switch)
    ]
    if params.get("IncludeSpace") and " " not in excluded:
        kinds.append(" ")
    kinds = [kind for kind in kinds if kind]
    if not kinds:
        raise invalid_parameter("All characters of the desired type have been excluded")
    required = kinds if params.get("RequireEachIncludedType", True) else []
    if length < len(required):
        raise invalid_parameter("Password length is too short based on the required types.")
    draw = _drawer(secrets.parts.ids.secret)
    letters = [kind[draw(len(kind))] for kind in required]
    everything = "".join(kinds)
    letters += [everything[draw(len(everything))] for _ in range(length - len(letters))]
    for place in range(len(letters) - 1, 0, -1):
        other = draw(place + 1)
        letters[place], letters[other] = letters[other], letters[place]
    return {"RandomPassword": "".join(letters)}


def _drawer(secret: Callable[[int], bytes]) -> Callable[[int], int]:
    """Draws a number below a bound, each as likely as the other for all anybody can tell."""
    return lambda bound: int.from_bytes(secret(8), "big") % bound
