"""Stand-ins for resources that are not there: what their ids and attributes could be.

A review evaluates a template as if everything were made, so that what is built from ids and ARNs (a
definition, a policy, a piece of an ARN) can be looked at as far as it can be without a server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from stepwell.deploy.catalog import find_type
from stepwell.deploy.references import Reference, references
from stepwell.deploy.resource_type import Made
from stepwell.deploy.scope import Scope
from stepwell.deploy.template import Resource, Template
from stepwell.errors import ServiceError
from stepwell.values import JsonObject, JsonValue

SUFFIX = "EXAMPLE12345"

_SERVICES = {
    "ApiGateway": "apigateway",
    "ApiGatewayV2": "apigateway",
    "DynamoDB": "dynamodb",
    "Events": "events",
    "IAM": "iam",
    "Lambda": "lambda",
    "Logs": "logs",
    "S3": "s3",
    "SNS": "sns",
    "SQS": "sqs",
    "SecretsManager": "secretsmanager",
    "StepFunctions": "states",
}
_KINDS = {
    "AWS::DynamoDB::Table": "table/{name}",
    "AWS::Events::EventBus": "event-bus/{name}",
    "AWS::Events::Rule": "rule/{name}",
    "AWS::IAM::ManagedPolicy": "policy/{name}",
    "AWS::IAM::Role": "role/{name}",
    "AWS::Lambda::Alias": "function:{name}:live",
    "AWS::Lambda::Function": "function:{name}",
    "AWS::Lambda::LayerVersion": "layer:{name}:1",
    "AWS::Lambda::Version": "function:{name}:1",
    "AWS::Logs::LogGroup": "log-group:{name}:*",
    "AWS::SecretsManager::Secret": "secret:{name}-AbCdEf",
    "AWS::StepFunctions::Activity": "activity:{name}",
    "AWS::StepFunctions::StateMachine": "stateMachine:{name}",
    "AWS::StepFunctions::StateMachineAlias": "stateMachine:{name}:live",
    "AWS::StepFunctions::StateMachineVersion": "stateMachine:{name}:1",
}
"""What follows the account in a type's ARN; where it says nothing, the name."""
_ARN_IS_THE_ID = frozenset(
    {
        "AWS::IAM::ManagedPolicy",
        "AWS::Lambda::Alias",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Version",
        "AWS::SNS::Topic",
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::Activity",
        "AWS::StepFunctions::StateMachine",
        "AWS::StepFunctions::StateMachineAlias",
        "AWS::StepFunctions::StateMachineVersion",
    }
)
_NAME_PROPERTIES = (
    "FunctionName",
    "LogGroupName",
    "QueueName",
    "RoleName",
    "StateMachineName",
    "TableName",
    "TopicName",
    "BucketName",
    "Name",
)


def guessed(template: Template, scope: Scope) -> dict[str, Made]:
    """A stand-in for each active resource, with the attributes that its type has."""
    asked: dict[str, set[str]] = {}
    for reference in _all_references(template):
        if reference.attribute:
            asked.setdefault(reference.name, set()).add(reference.attribute)
    return {
        name: _made(resource, asked.get(name, set()), scope)
        for name, resource in scope.declared.items()
    }


def _all_references(template: Template) -> Iterator[Reference]:
    values: list[JsonValue] = [resource.properties for resource in template.resources.values()]
    values += [output.value for output in template.outputs.values()]
    for value in values:
        try:
            yield from references(value)
        except ServiceError:
            # A function with wrong arguments is told where the value is evaluated.
            continue


def _made(resource: Resource, asked: Iterable[str], scope: Scope) -> Made:
    arn = _arn(resource, scope)
    known = find_type(resource.type)
    attributes: JsonObject = {
        name: arn if name.endswith("Arn") else f"{resource.logical_id}-{name}"
        for name in asked
        if known is None or known.has_attribute(name)
    }
    if resource.type == "AWS::Lambda::Version" and "Version" in attributes:
        attributes["Version"] = "1"
    return Made(_id(resource, arn, scope), attributes)


def _id(resource: Resource, arn: str, scope: Scope) -> str:
    if resource.type in _ARN_IS_THE_ID:
        return arn
    if resource.type == "AWS::SQS::Queue":
        host = f"sqs.{scope.region}.{scope.url_suffix}"
        return f"https://{host}/{scope.account}/{_name(resource, scope)}"
    return _name(resource, scope)


def _arn(resource: Resource, scope: Scope) -> str:
    parts = resource.type.split("::")
    service = parts[1] if len(parts) > 2 else ""
    name = _name(resource, scope)
    kind = _KINDS.get(resource.type, "{name}").format(name=name)
    region = "" if service in ("IAM", "S3") else scope.region
    account = "" if service == "S3" else scope.account
    service = _SERVICES.get(service, service.lower())
    return f"arn:{scope.partition}:{service}:{region}:{account}:{kind}"


def _name(resource: Resource, scope: Scope) -> str:
    for prop in _NAME_PROPERTIES:
        given = resource.properties.get(prop)
        if isinstance(given, str):
            return given
    return f"{scope.stack_name}-{resource.logical_id}-{SUFFIX}"[:64]


class AnyExport(Mapping[str, str]):
    """Exports of stacks that a review without a server can't know: each is there."""

    def __getitem__(self, name: str) -> str:
        return f"exported-{name}"

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
