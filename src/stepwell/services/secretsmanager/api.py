"""The operations of Secrets Manager as the gateway calls them."""

from __future__ import annotations

from stepwell.services.api import Embedded, Service
from stepwell.services.embedding import Embedding
from stepwell.services.operations import Run, runs
from stepwell.services.secretsmanager import (
    listing,
    passwords,
    reading,
    staging,
    tagging,
    writing,
)
from stepwell.services.secretsmanager.secrets import Secrets

_OPERATIONS: dict[str, Run[Secrets]] = {
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
    operations = runs(secrets, _OPERATIONS)
    return Service("secretsmanager", operations)


def embedded(secrets: Secrets) -> Embedded:
    """Secrets Manager as a part of the server."""
    return Embedding(secrets, [service(secrets)])
