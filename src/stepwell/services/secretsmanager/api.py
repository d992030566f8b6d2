"""The operations of Secrets Manager as the gateway calls them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from stepwell.services.api import Answer, Call, Operation, Params, Service
from stepwell.services.secretsmanager import (
    listing,
    passwords,
    reading,
    staging,
    tagging,
    writing,
)

if TYPE_CHECKING:
    from stepwell.services.secretsmanager.secrets import Secrets

_Operation = Callable[["Secrets", Call, Params], Awaitable[Answer]]

_OPERATIONS: dict[str, _Operation] = {
    "CreateSecret": writing.create_secret,
    "PutSecretValue": writing.put_secret_value,
    "UpdateSecret": writing.update_secret,
    "DeleteSecret": writing.delete_secret,
    "RestoreSecret": writing.restore_secret,
    "GetSecretValue": reading.get_secret_value,
    "BatchGetSecretValue": reading.batch_get_secret_value,
    "DescribeSecret": reading.describe_secret,
    "ListSecretVersionIds": reading.list_secret_version_ids,
    "ListSecrets": listing.list_secrets,
    "UpdateSecretVersionStage": staging.update_stage,
    "GetRandomPassword": passwords.get_random_password,
    "TagResource": tagging.tag,
    "UntagResource": tagging.untag,
    "PutResourcePolicy": tagging.put_policy,
    "GetResourcePolicy": tagging.get_policy,
    "DeleteResourcePolicy": tagging.delete_policy,
}


def service(secrets: Secrets) -> Service:
    """Secrets Manager on those secrets."""
    operations = {name: _bind(secrets, run) for name, run in _OPERATIONS.items()}
    return Service("secretsmanager", operations)


def _bind(secrets: Secrets, run: _Operation) -> Operation:
    async def operation(call: Call, params: Params) -> Answer:
        await secrets.ready()
        answer = await run(secrets, call, params)
        # What a read showed may still be on its way to the disk.
        await secrets.parts.ledger.committed()
        return answer

    return operation
