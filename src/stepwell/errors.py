"""What can go wrong, as one tree.

    StepwellError
      ServiceError          the caller's fault or an AWS-shaped refusal: code, message, HTTP status
      StorageTrouble        the store could not keep its promise; nothing of that turn happened
        StoreFull             the disk is full
        StoreInUse            another process owns the data
        StoreTooNew           the data was written by a newer version

Any other exception is our bug. Foreign errors are translated where they appear.
"""

from __future__ import annotations

from collections.abc import Mapping


class StepwellError(Exception):
    """The base of everything Stepwell raises on purpose."""


class ServiceError(StepwellError):
    """An AWS-shaped error answer.

    `code` is the error's shape name (`InvalidArn`, `QueueDoesNotExist`), `status` its HTTP status.
    `fields` are further members of the error document (`reason`, `resourceName`);
    `headers` are extra response headers.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        fields: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields: Mapping[str, object] = fields or {}
        self.headers: Mapping[str, str] = headers or {}


class StorageTrouble(StepwellError):
    """The store could not commit or read. The message says why and what to do."""


class StoreFull(StorageTrouble):
    """No space is left where the data lives."""


class StoreInUse(StorageTrouble):
    """Another process owns the data directory or the database."""


class StoreTooNew(StorageTrouble):
    """The data was written by a newer version of Stepwell."""
