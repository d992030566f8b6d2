"""OpenAPI definitions of APIs, as templates give them: inline, or as an object in S3."""

from __future__ import annotations

from stepwell.deploy.calling import read_object
from stepwell.deploy.resource_type import Cloud
from stepwell.deploy.shaping import as_text, renamed
from stepwell.deploy.yaml_text import read_yaml
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue, encode_text

PROPERTIES = ("Body", "BodyS3Location")
_LOCATION = {"Bucket": "bucket", "ETag": "etag", "Key": "key", "Version": "version"}


async def definition(cloud: Cloud, properties: JsonObject) -> bytes | None:
    """The definition as JSON; None where the template gives none. Raises ServiceError."""
    body: JsonValue = properties.get("Body")
    if body is not None:
        return as_text(body).encode()
    location = properties.get("BodyS3Location")
    if location is None:
        return None
    place = renamed(location, _LOCATION, "#/BodyS3Location")
    version = place.get("version")
    text = await read_object(
        cloud,
        as_text(place.get("bucket")),
        as_text(place.get("key")),
        None if version is None else as_text(version),
    )
    return _as_json(text)


def _as_json(text: bytes) -> bytes:
    """The same definition as JSON: in a bucket it may be YAML, which the operations do not take."""
    if text.lstrip()[:1] == b"{":
        return text
    try:
        value = read_yaml(text.decode())
    except UnicodeDecodeError as error:
        raise ServiceError("BadRequestException", "Invalid OpenAPI input.") from error
    return encode_text(value).encode()
