"""The definition of a state machine, as a template gives it: a text, an object, or a file in S3.

Rules, as AWS's: exactly one of the three; an object becomes its JSON, a YAML file too; then every
`${name}` that `DefinitionSubstitutions` has is replaced, as text, once. Others stay.
"""

from __future__ import annotations

import re

from stepwell.deploy.calling import read_object
from stepwell.deploy.resource_type import Cloud
from stepwell.deploy.shaping import as_text
from stepwell.deploy.yaml_text import read_yaml
from stepwell.errors import ServiceError
from stepwell.values import BadJson, JsonObject, decode_payload, encode_text

SOURCES = ("DefinitionString", "Definition", "DefinitionS3Location")

_PLACE = re.compile(r"\$\{([^{}$]+)\}")


async def read_definition(cloud: Cloud, properties: JsonObject) -> str:
    """The definition's text. Raises ServiceError."""
    given = [name for name in SOURCES if properties.get(name) is not None]
    if len(given) != 1:
        raise _invalid(
            "Exactly one of DefinitionString, Definition, DefinitionS3Location must be specified"
        )
    value = properties[given[0]]
    substitutions = substitutions_of(properties)
    if given[0] != "DefinitionS3Location":
        return _filled_in(as_text(value), substitutions)
    if not isinstance(value, dict) or not value.get("Bucket") or not value.get("Key"):
        raise _invalid("DefinitionS3Location must have a Bucket and a Key")
    version = value.get("Version")
    data = await read_object(
        cloud,
        as_text(value["Bucket"]),
        as_text(value["Key"]),
        None if version is None else as_text(version),
    )
    try:
        return of_file(data.decode("utf-8-sig"), substitutions)
    except UnicodeDecodeError:
        raise _invalid("The definition in S3 is not UTF-8") from None


def inline_definition(properties: JsonObject) -> str | None:
    """The definition that stands in the properties themselves; None when it is elsewhere."""
    given = [name for name in SOURCES[:2] if properties.get(name) is not None]
    if not given:
        return None
    return _filled_in(as_text(properties[given[0]]), substitutions_of(properties))


def of_file(text: str, substitutions: dict[str, str]) -> str:
    """The definition in a file, JSON or YAML. What is neither is left for the API to refuse."""
    filled_in = _filled_in(text, substitutions)
    try:
        decode_payload(filled_in)
    except BadJson:
        pass
    else:
        return filled_in
    # A place without quotes may stand for a number, so it is filled in first; a text that would
    # break the notation leaves the places to be filled in afterwards.
    for candidate, left in ((filled_in, {}), (text, substitutions)):
        try:
            document = read_yaml(candidate)
        except ServiceError:
            continue
        if isinstance(document, dict):
            return _filled_in(encode_text(document), left)
    return filled_in


def substitutions_of(properties: JsonObject) -> dict[str, str]:
    """The texts for the definition's places. Raises ServiceError."""
    given = properties.get("DefinitionSubstitutions") or {}
    if not isinstance(given, dict):
        raise _invalid("DefinitionSubstitutions must be an object")
    return {name: as_text(value) for name, value in given.items()}


def _filled_in(text: str, substitutions: dict[str, str]) -> str:
    if not substitutions:
        return text
    return _PLACE.sub(lambda found: substitutions.get(found[1], found[0]), text)


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidRequest", message)
