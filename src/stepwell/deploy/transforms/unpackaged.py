"""A template as its author wrote it: paths of files stand where packaging puts places in S3.

To review such a template without packaging it, each path gets a stand-in that a packaged template
could have.
"""

from __future__ import annotations

from stepwell.values import JsonObject, JsonValue

BUCKET = "not-packaged-yet"
"""The bucket of every stand-in; the key is the path."""

_URIS = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::WebFunction": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::Api": "DefinitionUri",
    "AWS::Serverless::HttpApi": "DefinitionUri",
    "AWS::Serverless::WebSocketApi": "DefinitionUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}
"""The property of each serverless type that names a file."""
_CODES = {"AWS::Lambda::Function": "Code", "AWS::Lambda::LayerVersion": "Content"}
_PLACES = {
    "AWS::StepFunctions::StateMachine": "DefinitionS3Location",
    "AWS::ApiGateway::RestApi": "BodyS3Location",
    "AWS::ApiGatewayV2::Api": "BodyS3Location",
}
_TEMPLATES = {
    "AWS::CloudFormation::Stack": "TemplateURL",
    "AWS::Serverless::Application": "Location",
}
_OTHER_CODE = ("InlineCode", "ImageUri", "ImageConfig")


def packaged(document: JsonObject) -> JsonObject:
    """The document with a stand-in for every path."""
    resources = document.get("Resources")
    if not isinstance(resources, dict):
        return document
    made: JsonObject = {
        name: _resource(resource) if isinstance(resource, dict) else resource
        for name, resource in resources.items()
    }
    changed = {**document, "Resources": made}
    shared = document.get("Globals")
    if isinstance(shared, dict):
        changed["Globals"] = _globals(shared)
    return changed


def _resource(resource: JsonObject) -> JsonObject:
    kind = resource.get("Type")
    given = resource.get("Properties")
    if not isinstance(kind, str) or not (given is None or isinstance(given, dict)):
        return resource
    properties = dict(given or {})
    if kind in _URIS:
        _put(properties, _URIS[kind], f"s3://{BUCKET}/{{path}}")
        if kind == "AWS::Serverless::Function" and _has_no_code(properties):
            # Without a path AWS's tools take the template's own folder.
            properties["CodeUri"] = f"s3://{BUCKET}/folder"
    elif kind in _CODES:
        _put(properties, _CODES[kind], {"S3Bucket": BUCKET, "S3Key": "{path}"})
    elif kind in _PLACES:
        _put(properties, _PLACES[kind], {"Bucket": BUCKET, "Key": "{path}"})
    elif kind in _TEMPLATES:
        _put(properties, _TEMPLATES[kind], f"https://{BUCKET}.s3.amazonaws.com/{{path}}")
    return {**resource, "Properties": properties} if properties else resource


def _put(properties: JsonObject, name: str, place: JsonValue) -> None:
    value = properties.get(name)
    if not isinstance(value, str) or is_remote(value):
        return
    path = value.removeprefix("./").strip("/") or "folder"
    if isinstance(place, dict):
        properties[name] = {key: str(text).format(path=path) for key, text in place.items()}
    else:
        properties[name] = str(place).format(path=path)


def _has_no_code(properties: JsonObject) -> bool:
    is_image = properties.get("PackageType") == "Image"
    return not is_image and not any(name in properties for name in (*_OTHER_CODE, "CodeUri"))


def _globals(shared: JsonObject) -> JsonObject:
    """`Globals` without the code's path: each function has one by now."""
    functions = shared.get("Function")
    if not isinstance(functions, dict):
        return shared
    kept = {name: value for name, value in functions.items() if name != "CodeUri"}
    return {**shared, "Function": kept}


def is_remote(value: str) -> bool:
    """Whether it names something elsewhere, not a file beside the template."""
    return value.startswith(("s3://", "https://", "http://", "arn:"))
