"""OpenAPI definitions of APIs, as templates give them: inline, or as an object in S3."""

from __future__ import annotations

from stepwell.deploy.resource_type import Cloud
from stepwell.deploy.shaping import as_text, renamed
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

PROPERTIES = ("Body", "BodyS3Location")
BYTES_MAX = 6 * 1024 * 1024
_LOCATION = {"Bucket": "Bucket", "Key": "Key", "Version": "VersionId", "ETag": "IfMatch"}


async def definition(cloud: Cloud, properties: JsonObject) -> bytes | None:
    """The definition's text; None where the template gives none. Raises ServiceError."""
    body: JsonValue = properties.get("Body")
    if body is not None:
        return as_text(body).encode()
    location = properties.get("BodyS3Location")
    if location is None:
        return None
    wanted = renamed(location, _LOCATION, "#/BodyS3Location")
    answer = await cloud.call("s3", "GetObject", wanted)
    if answer["ContentLength"] > BYTES_MAX:
        raise ServiceError("BadRequestException", "The API definition is larger than 6 MB")
    found = answer["Body"]
    return found if isinstance(found, bytes) else b"".join([part async for part in found])
