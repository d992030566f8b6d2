"""Parameters named `/aws/reference/secretsmanager/...` are secrets."""

from __future__ import annotations

from stepwell.errors import ServiceError
from stepwell.services.api import Call
from stepwell.services.secretsmanager.reading import get_secret_value
from stepwell.services.secretsmanager.secrets import Secrets


class SecretParameters:
    """What Parameter Store asks for."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    async def secret(self, call: Call, name: str) -> tuple[str, str, float] | None:
        """ARN, text and time of a secret's current version; None when there is none."""
        await self._secrets.ready()
        try:
            found = await get_secret_value(self._secrets, call, {"SecretId": name})
        except ServiceError:
            return None
        return found["ARN"], found["SecretString"] or "", found["CreatedDate"]
