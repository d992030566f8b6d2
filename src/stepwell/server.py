"""The composition: every part made once and wired. Nothing else knows all of them.

async with Server(settings) as server:
    await server.serve()
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from stepwell import __version__
from stepwell.core import Core
from stepwell.engine.limits import QUOTAS, Limits
from stepwell.errors import StorageTrouble
from stepwell.functions.runner import ProcessRunner, account_credentials
from stepwell.gateway.app import create_app
from stepwell.gateway.server import serve
from stepwell.gateway.settings import GatewaySettings, require_credentials
from stepwell.gateway.temporary import TemporaryKeys, root_secret
from stepwell.integrations.carriers.mail import MailSettings, read_mail_settings
from stepwell.integrations.function_logs import write_lines
from stepwell.integrations.outside.settings import OutsideSettings
from stepwell.integrations.outside.settings import read_settings as read_outside_settings
from stepwell.runtime.alarms import LoopAlarm
from stepwell.runtime.clock import SystemClock, SystemIds
from stepwell.runtime.ports import Alarm, Clock
from stepwell.services.cloudformation.patience import PATIENCE_MS
from stepwell.services.ecr import ecr_service
from stepwell.services.sqs.sweeping import sweep
from stepwell.services.sts import sts_service
from stepwell.stores.factory import open_store
from stepwell.stores.migrations.declared import declared_tables

__all__ = [
    "Core",
    "GatewaySettings",
    "MailSettings",
    "OutsideSettings",
    "Server",
    "ServerSettings",
    "read_mail_settings",
    "read_outside_settings",
]

log = logging.getLogger("stepwell")

SWEEP_SECONDS = 60.0
FUNCTION_CREDENTIALS_SECONDS = 30 * 86_400
"""How long a function's process may sign with the keys it was started with."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What an operator chooses.

    `store` is a directory or `postgresql://...`, `quotas` a profile: `open` or `aws`. `limits` are
    for whoever wants others than the profile's.
    """

    store: str | Path = "stepwell-data"
    host: str = "127.0.0.1"
    port: int = 4566
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    quotas: str = "open"
    limits: Limits | None = None
    keep_days: int | None = None
    """How many days an execution is kept after its end; 0 for ever, None as the profile says."""
    mail: MailSettings | None = None
    """The mail server of email subscriptions; None: there is none."""
    outside: OutsideSettings | None = None
    """What becomes of resources that are not embedded; None: they are refused."""


def _limits(settings: ServerSettings) -> Limits:
    """The profile's limits, with what was chosen otherwise."""
    limits = QUOTAS[settings.quotas]
    if settings.keep_days is None:
        return limits
    return replace(limits, executions_kept_days=settings.keep_days or None)


class Server:
    """A server in this process. Raises StorageTrouble, UnsafeListener, OSError at start."""

    def __init__(
        self, settings: ServerSettings, *, clock: Clock | None = None, alarm: Alarm | None = None
    ) -> None:
        """`clock` and `alarm` are the machine's, unless a test gives others, both or none."""
        require_credentials(settings.host, settings.gateway)
        self.settings = settings
        self.closing = asyncio.Event()
        is_real = clock is None
        clock = clock or SystemClock()
        alarm = alarm or LoopAlarm(clock)
        self._scratch = _scratch_folder(settings.store)
        self.core = Core(
            open_store(settings.store, declared_tables()),
            clock=clock,
            ids=SystemIds(),
            alarm=alarm,
            limits=replace(settings.limits or _limits(settings), expressions_beside=True),
            aws_quotas=settings.quotas == "aws",
            mail=settings.mail,
            outside=settings.outside,
            runner=self._runner(clock, alarm),
            scratch=self._scratch,
        )
        self.core.stacks.patience_ms = PATIENCE_MS if is_real else 0
        secret = root_secret(settings.gateway.credentials)
        self._keys = TemporaryKeys(secret, self.core.ids.secret)
        # Services without rows.
        self._bare = (sts_service(issue=self._keys.issue, now=clock.now), ecr_service())
        for service in self._bare:
            self.core.sdk.add(service)
        self._lost: StorageTrouble | None = None
        self.core.ledger.on_lost(self._lose)

    def _runner(self, clock: Clock, alarm: Alarm) -> ProcessRunner:
        """What runs functions; their lines go to the log groups."""
        return ProcessRunner(
            clock,
            alarm,
            SystemIds(),
            endpoint=lambda: self.core.sdk.base_url,
            scratch=self._scratch / "run",
            log=lambda spec, stream, at, lines: write_lines(
                self.core.logs, spec, stream, at, lines
            ),
            credentials=self._function_credentials,
        )

    def _function_credentials(self, account: str) -> Mapping[str, str]:
        """What a function signs with: keys that name its account, good where keys are asked for."""
        if not self.settings.gateway.credentials:
            return account_credentials(account)
        now = self.core.clock.now() // 1000
        issued = self._keys.issue(account, now + FUNCTION_CREDENTIALS_SECONDS)
        return {
            "AWS_ACCESS_KEY_ID": issued.access_key_id,
            "AWS_SECRET_ACCESS_KEY": issued.secret_access_key,
            "AWS_SESSION_TOKEN": issued.session_token,
        }

    def _lose(self, trouble: StorageTrouble) -> None:
        """Another process owns the data: whatever this one answered now could be wrong."""
        if self._lost is None:
            self._lost = trouble
            log.critical("the data belongs to another process now, stopping: %s", trouble)
            self.closing.set()

    async def __aenter__(self) -> Self:
        await self.core.store.open()
        await self.core.load()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.core.close()
        except StorageTrouble:
            if self._lost is None:
                raise
        finally:
            await self.core.store.close()

    async def serve(self, on_ready: Callable[[int], None] | None = None) -> None:
        """Answer requests until `closing` is set, then drain.

        Raises StoreInUse when another process has taken the data over.
        """
        core, settings = self.core, self.settings
        app = create_app(
            [*core.services(), *self._bare],
            settings=settings.gateway,
            health=self._health,
            clock=core.clock,
            ids=core.ids,
            temporary=self._keys,
            pages=core.pages(),
            doors=core.doors(),
        )

        def ready(port: int) -> None:
            core.sdk.base_url = f"http://localhost:{port}"
            if on_ready is not None:
                on_ready(port)

        stopping = asyncio.create_task(self._stop_waiting())
        sweeping = asyncio.create_task(self._sweep())
        try:
            await serve(app, settings.host, settings.port, closing=self.closing, on_ready=ready)
        finally:
            for task in (stopping, sweeping):
                task.cancel()
        if self._lost is not None:
            raise self._lost

    async def _stop_waiting(self) -> None:
        await self.closing.wait()
        self.core.stop_waiting()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await sweep(self.core.queues, self.core.clock.now())
            except Exception:
                log.exception("sweeping the queues failed; it is tried again later")

    def _health(self) -> Mapping[str, object]:
        return {
            "status": "running",
            "version": __version__,
            "services": {
                service.name: "running" for service in (*self.core.services(), *self._bare)
            },
        }


def _scratch_folder(store: str | Path) -> Path:
    """Where functions are unpacked and run: beside the data, if that is on this machine."""
    if isinstance(store, Path) or "://" not in store:
        return Path(store).absolute() / "functions"
    return Path(tempfile.gettempdir()) / f"stepwell-functions-{os.getpid()}"
