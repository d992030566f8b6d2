"""The composition: every part made once and wired. Nothing else knows all of them.

async with Server(settings) as server:
    await server.serve()
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from stepwell import __version__
from stepwell.engine.limits import QUOTAS, Limits
from stepwell.errors import ServiceError, StorageTrouble
from stepwell.gateway.app import create_app
from stepwell.gateway.server import serve
from stepwell.gateway.settings import GatewaySettings, require_credentials
from stepwell.gateway.temporary import TemporaryKeys, root_secret
from stepwell.integrations import aws_sdk_actions
from stepwell.integrations.aws_sdk import AwsSdkIntegration
from stepwell.integrations.carriers.sqs import SqsCarrier
from stepwell.integrations.registry import ServiceIntegrations
from stepwell.integrations.sqs import SqsIntegration
from stepwell.integrations.states import StatesIntegration, Target
from stepwell.runtime.alarms import LoopAlarm
from stepwell.runtime.clock import SystemClock, SystemIds
from stepwell.runtime.executions import Executions
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.objects import NO_OBJECTS, ObjectStore
from stepwell.runtime.parts import Parts
from stepwell.runtime.ports import Alarm, Clock, Ids, ServiceCall, Store
from stepwell.runtime.programs import Programs
from stepwell.services.api import Call, Door, Embedded, Service
from stepwell.services.deliveries.deliveries import Deliveries
from stepwell.services.parts import ServiceParts
from stepwell.services.sqs.api import service as sqs_service
from stepwell.services.sqs.queues import Queues
from stepwell.services.states.api import service as states_service
from stepwell.services.states.arns import parse_machine
from stepwell.services.states.executions import startable, target_revision
from stepwell.services.states.insight import Insight, Page
from stepwell.services.states.refusals import check_name
from stepwell.services.states.states import AWS_QUOTAS, States
from stepwell.services.sts import sts_service
from stepwell.stores.factory import open_store
from stepwell.stores.migrations.declared import declared_tables

__all__ = ["Core", "GatewaySettings", "Server", "ServerSettings"]

log = logging.getLogger("stepwell")

SWEEP_SECONDS = 60.0


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


class Core:
    """Everything behind the gateway: services, runtime, store. Time and chance are given."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        ids: Ids,
        alarm: Alarm,
        limits: Limits,
        cached_max: int = 4_000,
        aws_quotas: bool = False,
        objects: ObjectStore = NO_OBJECTS,
    ) -> None:
        self.store = store
        self.clock = clock
        self.ids = ids
        self.ledger = Ledger(store)
        self.programs = Programs(store)
        self.limits = limits
        self.integrations = ServiceIntegrations()
        self.queues = Queues(store, self.ledger, clock, ids, alarm=alarm)
        self.deliveries = Deliveries(store, self.ledger, clock, ids, alarm)
        self.parts = ServiceParts(store, self.ledger, clock, ids, alarm, self.deliveries)
        self.embedded: list[Embedded] = []
        self.executions = Executions(
            Parts(
                store,
                self.ledger,
                clock,
                ids,
                alarm,
                self.programs,
                self.integrations,
                limits,
                cached_max,
                objects,
            )
        )
        self.states = States(
            store,
            self.ledger,
            clock,
            ids,
            self.programs,
            self.executions,
            self.executions.express,
            AWS_QUOTAS if aws_quotas else None,
            alarm=alarm,
        )
        self.executions.activity_exists = self.states.registry.has_activity
        self.states.queue_retention = self._queue_retention
        states = StatesIntegration(self.executions, self.programs, self._find_target, check_name)
        self.sdk = AwsSdkIntegration(
            place=self._place,
            in_turn=aws_sdk_actions.in_turn(states, self.queues),
            was_done=aws_sdk_actions.was_done(store),
        )
        for service in self.services():
            self.sdk.add(service)
        self.integrations.plug_in(
            {"sqs": SqsIntegration(self.queues), "states": states}, jobs=states, sdk=self.sdk
        )
        self.deliveries.plug_in({"sqs": SqsCarrier(self.queues)})
        self.ledger.on_rollback(self.executions.forget)

    async def load(self) -> None:
        """Pick up where the last process stopped."""
        await self.queues.load()
        await self.states.load()
        for part in self.embedded:
            await part.load()
        await self.deliveries.load()
        await self.executions.load()

    async def close(self) -> None:
        """Answer long polls, stop timers, bring everything staged to disk."""
        self.stop_waiting()
        await self.sdk.polls_ended()
        await self.executions.close()
        await self.deliveries.close()
        for part in self.embedded:
            await part.close()
        await self.ledger.committed()

    def stop_waiting(self) -> None:
        """Make every long poll answer now."""
        self.sdk.close()
        self.queues.close()
        self.states.close()
        for part in self.embedded:
            part.stop_waiting()

    def services(self) -> list[Service]:
        """The API services, without STS, which belongs to the edge."""
        embedded = [service for part in self.embedded for service in part.services()]
        return [states_service(self.states), sqs_service(self.queues), *embedded]

    def doors(self) -> list[Door]:
        """The ways in for requests that are not AWS API calls."""
        return [door for part in self.embedded for door in part.doors()]

    def pages(self) -> dict[str, Page]:
        """The pages of our own beside AWS's API."""
        return Insight(self.states, self.executions.live, self.limits).pages()

    def _place(self, call: ServiceCall) -> tuple[str, int] | None:
        live = self.executions.live.cached(call.execution)
        if live is None:
            live = self.executions.express.runs.cached(call.execution)
        branch = None if live is None else live.execution.branches.get(call.branch)
        return None if branch is None else (branch.state, branch.entered)

    def _queue_retention(self, account: str, region: str, url: str) -> int | None:
        try:
            return self.queues.find(account, region, url).rules.retention_ms // 1000
        except ServiceError:
            return None

    def _find_target(self, account: str, region: str, arn: str) -> Target:
        call = Call(account=account, region=region, request_id="", base_url="")
        parsed = parse_machine(arn)
        machine = startable(self.states, call, parsed, arn)
        revision, extra = target_revision(self.states, machine, parsed, arn)
        return Target(
            machine.row.id, revision, machine.arn, extra, express=machine.row.type == "EXPRESS"
        )


class Server:
    """A server in this process. Raises StorageTrouble, UnsafeListener, OSError at start."""

    def __init__(self, settings: ServerSettings) -> None:
        require_credentials(settings.host, settings.gateway)
        self.settings = settings
        self.closing = asyncio.Event()
        clock = SystemClock()
        self.core = Core(
            open_store(settings.store, declared_tables()),
            clock=clock,
            ids=SystemIds(),
            alarm=LoopAlarm(clock),
            limits=settings.limits or QUOTAS[settings.quotas],
            aws_quotas=settings.quotas == "aws",
        )
        secret = root_secret(settings.gateway.credentials)
        self._keys = TemporaryKeys(secret, self.core.ids.secret)
        self._sts = sts_service(issue=self._keys.issue, now=clock.now)
        self.core.sdk.add(self._sts)
        self._lost: StorageTrouble | None = None
        self.core.ledger.on_lost(self._lose)

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
            [*core.services(), self._sts],
            settings=settings.gateway,
            health=self._health,
            clock=core.clock,
            ids=core.ids,
            temporary=self._keys,
            pages=core.pages(),
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
                await self.core.queues.sweep(self.core.clock.now())
            except Exception:
                log.exception("sweeping the queues failed; it is tried again later")

    def _health(self) -> Mapping[str, object]:
        return {
            "status": "running",
            "version": __version__,
            "services": {service.name: "running" for service in (*self.core.services(), self._sts)},
        }
