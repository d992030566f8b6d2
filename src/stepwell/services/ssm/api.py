"""The operations of Parameter Store as the gateway calls them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.ssm import describing, labels, reading, tagging, writing

if TYPE_CHECKING:
    from stepwell.services.ssm.parameters import Parameters

_Operation = Callable[["Parameters", Call, Params], Awaitable[Answer]]

_OPERATIONS: dict[str, _Operation] = {
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
    operations = {name: _bind(parameters, run) for name, run in _OPERATIONS.items()}
    return Service("ssm", operations)


def _bind(parameters: Parameters, run: _Operation) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await parameters.ready()
        answer = await run(parameters, call, params)
        # What a read showed may still be on its way to the disk.
        await parameters.parts.ledger.committed()
        return answer

    return operation
