"""The operations of Parameter Store as the gateway calls them."""

from __future__ import annotations

from stepwell.services.api import Embedded, Service
from stepwell.services.embedding import Embedding
from stepwell.services.operations import Run, runs
from stepwell.services.ssm import describing, labels, reading, tagging, writing
from stepwell.services.ssm.parameters import Parameters

_OPERATIONS: dict[str, Run[Parameters]] = {
    "PutParameter": writing.put_parameter,
    "DeleteParameter": writing.delete_parameter,
    "DeleteParameters": writing.delete_parameters,
    "GetParameter": reading.get_parameter,
    "GetParameters": reading.get_parameters,
    "GetParametersByPath": reading.get_parameters_by_path,
    "GetParameterHistory": reading.get_parameter_history,
    "DescribeParameters": describing.describe_parameters,
    "LabelParameterVersion": labels.label_version,
    "UnlabelParameterVersion": labels.unlabel_version,
    "AddTagsToResource": tagging.add_tags,
    "RemoveTagsFromResource": tagging.remove_tags,
    "ListTagsForResource": tagging.list_tags,
}


def service(parameters: Parameters) -> Service:
    """SSM on those parameters."""
    operations = runs(parameters, _OPERATIONS)
    return Service("ssm", operations)


def embedded(parameters: Parameters) -> Embedded:
    """SSM as a part of the server."""
    return Embedding(parameters, [service(parameters)])
