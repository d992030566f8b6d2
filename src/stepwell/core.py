"""Everything behind the gateway: each part made once and wired. Time and chance are given.

A further service is made in `_embed`; its tasks and targets are named in `_integrations` and
`_carriers`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from stepwell.engine.limits import Limits
from stepwell.errors import ServiceError
from stepwell.integrations import aws_sdk_actions
from stepwell.integrations.api_calls import ApiCalls
from stepwell.integrations.apigateway import ApiGatewayIntegration
from stepwell.integrations.apigateway_backends import (
    LambdaFunctions,
    ServiceBackends,
    select_path,
)
from stepwell.integrations.aws_sdk import AwsSdkIntegration
from stepwell.integrations.carriers.destinations import Destinations
from stepwell.integrations.carriers.events import EventsCarrier
from stepwell.integrations.carriers.functions import FunctionCarrier
from stepwell.integrations.carriers.http import HttpCarrier
from stepwell.integrations.carriers.logs import LogsCarrier
from stepwell.integrations.carriers.mail import MailCarrier, MailSettings
from stepwell.integrations.carriers.scheduler import SchedulerCarrier
from stepwell.integrations.carriers.sns import SnsCarrier
from stepwell.integrations.carriers.sqs import SqsCarrier
from stepwell.integrations.carriers.states import StatesCarrier
from stepwell.integrations.connections import Connections
from stepwell.integrations.custody import Custody
from stepwell.integrations.dynamodb import DynamoDbIntegration, sdk_in_turn
from stepwell.integrations.endpoints import Endpoints
from stepwell.integrations.events import EventsIntegration
from stepwell.integrations.execution_events import ExecutionEvents
from stepwell.integrations.execution_logs import ExecutionLogs
from stepwell.integrations.functions import FunctionIntegration
from stepwell.integrations.http import HttpIntegration
from stepwell.integrations.http_calls import HttpCalls
from stepwell.integrations.metrics import Metrics
from stepwell.integrations.mock_results import mock_complaint
from stepwell.integrations.objects import StoredObjects, as_tasks_call
from stepwell.integrations.outside.integration import OutsideIntegration
from stepwell.integrations.outside.settings import OutsideSettings
from stepwell.integrations.pipes import PipeWays, Reached
from stepwell.integrations.registry import Integration, ServiceIntegrations
from stepwell.integrations.secret_parameters import SecretParameters
from stepwell.integrations.sns import SnsIntegration
from stepwell.integrations.sources import EmbeddedQueues, EmbeddedStreams, StoredCode
from stepwell.integrations.sqs import SqsIntegration
from stepwell.integrations.states import StatesIntegration, Target
from stepwell.integrations.turns import Turns
from stepwell.integrations.web import Web
from stepwell.runtime.executions import Executions
from stepwell.runtime.ledger import Ledger
from stepwell.runtime.objects import ObjectStore
from stepwell.runtime.parts import Parts
from stepwell.runtime.ports import Alarm, Clock, Ids, ServiceCall, Store
from stepwell.runtime.programs import Programs
from stepwell.runtime.watching import Watcher
from stepwell.services.api import Call, Door, Embedded, Service
from stepwell.services.apigateway.api import ApiGatewayService
from stepwell.services.apigateway.gateway import ApiGateway
from stepwell.services.cloudformation import api as cloudformation
from stepwell.services.cloudformation.stacks import Stacks
from stepwell.services.deliveries.deliveries import Deliveries
from stepwell.services.deliveries.delivery import Carrier
from stepwell.services.dynamodb import api as dynamodb
from stepwell.services.dynamodb.dynamodb import DynamoDb
from stepwell.services.events import api as events
from stepwell.services.events.events import Events
from stepwell.services.iam import api as iam
from stepwell.services.iam.iam import Iam
from stepwell.services.lambda_ import api as functions_api
from stepwell.services.lambda_.lambdas import Lambda
from stepwell.services.lambda_.ports import Runner, Sources
from stepwell.services.logs import api as logs
from stepwell.services.logs.logs import Logs
from stepwell.services.parts import ServiceParts
from stepwell.services.pipes import api as pipes
from stepwell.services.pipes.pipes import Pipes
from stepwell.services.pipes.ports import Surroundings
from stepwell.services.s3 import api as s3
from stepwell.services.s3.storage import Storage
from stepwell.services.scheduler import api as scheduler
from stepwell.services.scheduler.scheduler import Scheduler
from stepwell.services.secretsmanager import api as secretsmanager
from stepwell.services.secretsmanager.secrets import Secrets
from stepwell.services.sns import api as sns
from stepwell.services.sns.topics import Topics
from stepwell.services.sqs.api import service as sqs_service
from stepwell.services.sqs.moves import keep_going
from stepwell.services.sqs.queues import Queues
from stepwell.services.ssm import api as ssm
from stepwell.services.ssm.parameters import Parameters
from stepwell.services.states.api import service as states_service
from stepwell.services.states.arns import parse_machine
from stepwell.services.states.executions import startable, target_revision
from stepwell.services.states.insight import Insight, Page
from stepwell.services.states.refusals import check_name
from stepwell.services.states.states import AWS_QUOTAS, States, StatesSettings


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
        objects: ObjectStore | None = None,
        runner: Runner | None = None,
        scratch: Path | None = None,
        mail: MailSettings | None = None,
        outside: OutsideSettings | None = None,
    ) -> None:
        self.mail = mail
        self.store = store
        self.clock = clock
        self.ids = ids
        self.ledger = Ledger(store)
        self.programs = Programs(store)
        self.limits = limits
        self.integrations = ServiceIntegrations()
        self.queues = Queues(store, self.ledger, clock, ids, alarm=alarm)
        keep_going(self.queues)
        self.deliveries = Deliveries(store, self.ledger, clock, ids, alarm)
        self.parts = ServiceParts(store, self.ledger, clock, ids, alarm, self.deliveries)
        self.logs = Logs(self.parts)
        self.calls = ApiCalls(ids, lambda: self.sdk.base_url)
        self.embedded: list[Embedded] = self._embed(runner, scratch)
        self.watchers: list[Watcher] = []
        self.executions = Executions(
            Parts(
                store,
                self.ledger,
                clock,
                ids,
                alarm,
                programs=self.programs,
                integrations=self.integrations,
                limits=limits,
                cached_max=cached_max,
                objects=objects or StoredObjects(self.storage),
                watchers=self.watchers,
            )
        )
        self.states = self._states(AWS_QUOTAS if aws_quotas else None)
        self._wire()
        self._go_outside(outside)
        self.ledger.on_rollback(self.executions.forget)

    def _states(self, settings: StatesSettings | None) -> States:
        return States(
            self.store,
            self.ledger,
            self.clock,
            self.ids,
            self.programs,
            self.executions,
            self.executions.express,
            settings,
            alarm=self.parts.alarm,
        )

    def _wire(self) -> None:
        """Connect tasks and deliveries with what they reach."""
        self.executions.worlds.activity_exists = self.states.registry.has_activity
        self.states.queue_retention = self._queue_retention
        self.states.mock_complaint = mock_complaint
        self.states.log_group_exists = self.logs.has_group
        states = StatesIntegration(
            self.executions, self.programs, self._find_target, check_name, self.states.rates
        )
        self.sdk = AwsSdkIntegration(
            place=self._place,
            in_turn={
                **aws_sdk_actions.in_turn(states, self.queues, self.topics, self.events),
                **sdk_in_turn(self.dynamodb),
            },
            was_done=aws_sdk_actions.was_done(self.store),
        )
        for service in self.services():
            self.sdk.add(as_tasks_call(service))
        # What a stack makes waits for no rate: CloudFormation tries again until it succeeds.
        self.calls.add([*self.services(), states_service(self.states, limited=False)])
        self.http_calls = HttpCalls(self.endpoints)
        self.connections = Connections(self.events, self.http_calls, self.clock)
        self.integrations.plug_in(self._integrations(states), jobs=states, sdk=self.sdk)
        self.deliveries.plug_in(self._carriers())
        self.metrics = Metrics(
            self.queues, self.ledger, self.clock.now, lambda: self.executions.worlds.throttled
        )
        self.watchers += [
            ExecutionLogs(self.logs),
            ExecutionEvents(self.events, self.clock, self.ids),
            self.metrics,
        ]

    def _go_outside(self, settings: OutsideSettings | None) -> None:
        """Services that are not embedded, as far as something is configured for them."""
        self.outside: OutsideIntegration | None = None
        if settings is not None:
            self.outside = OutsideIntegration(settings, self.clock, self.parts.alarm)
            self.integrations.outside = self.outside
        self.programs.runs = self.integrations.runs

    def _embed(self, runner: Runner | None, scratch: Path | None) -> list[Embedded]:
        """The services beside Step Functions and SQS, in the order in which they are loaded."""
        self.web = HttpCarrier()
        self.topics = Topics(self.parts, lambda: self.sdk.base_url)
        self.secrets = Secrets(self.parts)
        self.dynamodb = DynamoDb(self.parts)
        self.storage = Storage(self.parts)
        queues, streams = EmbeddedQueues(self.queues), EmbeddedStreams(self.dynamodb)
        sources = Sources(StoredCode(self.storage), queues, streams)
        self.pipe_ways = PipeWays()
        self.pipes = Pipes(self.parts, Surroundings(queues, streams, self.pipe_ways))
        self.functions = Lambda(self.parts, runner=runner, scratch=scratch, sources=sources)
        self.events = Events(self.parts)
        self.stacks = Stacks(self.parts, self.calls, lambda: self.sdk.base_url)
        self.functions.events.given_up.append(
            partial(cloudformation.invocation_failed, self.stacks)
        )
        self.scheduler = Scheduler(
            self.parts, lambda service, action: self.sdk.has(service, action)
        )
        return [
            logs.embedded(self.logs),
            sns.embedded(self.topics),
            ssm.embedded(self._parameters()),
            secretsmanager.embedded(self.secrets),
            iam.embedded(Iam(self.parts)),
            dynamodb.embedded(self.dynamodb),
            events.embedded(self.events),
            scheduler.embedded(self.scheduler),
            self._apis(),
            s3.embedded(self.storage),
            cloudformation.embedded(self.stacks),
            # Last: it reads from the others as soon as it is loaded.
            functions_api.embedded(self.functions),
            pipes.embedded(self.pipes),
        ]

    def _parameters(self) -> Parameters:
        parameters = Parameters(self.parts)
        parameters.secrets = SecretParameters(self.secrets)
        return parameters

    def _apis(self) -> ApiGatewayService:
        self.outbound = Web()
        gateway = ApiGateway(
            self.parts,
            functions=LambdaFunctions(self.functions),
            backends=ServiceBackends(self.services),
            outbound=self.outbound,
            select=select_path,
        )
        apis = ApiGatewayService(gateway, self.parts.alarm)
        self.endpoints = Endpoints(apis.entrance, self.outbound, self.clock, self.ids)
        return apis

    def _integrations(self, states: StatesIntegration) -> dict[str, Integration]:
        """How Tasks reach services, by the service's name in `arn:aws:states:::service:action`."""
        return {
            "apigateway": ApiGatewayIntegration(self.endpoints),
            "dynamodb": DynamoDbIntegration(self.dynamodb, self._place),
            "lambda": FunctionIntegration(self.functions),
            "sns": SnsIntegration(self.topics),
            "events": EventsIntegration(self.events, self._place),
            "http": HttpIntegration(
                self.connections,
                self.http_calls,
                Turns(self.limits.http_task_rate, self.clock, self.parts.alarm),
            ),
            "sqs": SqsIntegration(self.queues),
            "states": states,
        }

    def _carriers(self) -> dict[str, Carrier]:
        """How deliveries reach targets, by the service of their ARN or the scheme of their URL."""
        destinations = Destinations(self.events, self.connections, self.http_calls)
        calls = SchedulerCarrier(self.sdk, self.executions, self.ledger, self.clock, self.ids)
        states = states_service(self.states)
        self.pipe_ways.plug_in(
            Reached(
                self.deliveries,
                self.functions,
                states,
                calls,
                destinations,
                self.endpoints,
                self._is_express,
            )
        )
        carriers: dict[str, Carrier] = {
            "events": EventsCarrier(self.events, destinations),
            "http": self.web,
            "https": self.web,
            "lambda": FunctionCarrier(self.functions),
            "logs": LogsCarrier(self.logs),
            "scheduler": calls,
            "sns": SnsCarrier(self.topics),
            "sqs": SqsCarrier(self.queues),
            "states": StatesCarrier(states),
        }
        if self.mail is not None:
            carriers["mailto"] = MailCarrier(self.mail)
        return carriers

    async def load(self) -> None:
        """Pick up where the last process stopped."""
        await self.queues.load()
        self.queues.release_ours()
        await self.states.load()
        for part in self.embedded:
            await part.load()
        await self.deliveries.load()
        await self.executions.open.load(self.states.registry.machine_numbers())
        await self.executions.load()
        self.pipes.begin()
        # Deployments call all the others.
        await cloudformation.resume(self.stacks)

    async def close(self) -> None:
        """Answer long polls, stop timers, bring everything staged to disk."""
        self.stop_waiting()
        await self.stacks.close()
        await self.sdk.polls_ended()
        await self.executions.close()
        if self.outside is not None:
            await self.outside.close()
        await self.deliveries.close()
        await self.web.close()
        await self.outbound.close()
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
        embedded = [door for part in self.embedded for door in part.doors()]
        return [self.metrics.door(), *embedded]

    def pages(self) -> dict[str, Page]:
        """The pages of our own beside AWS's API."""
        custody = Custody(self.queues, self.clock)
        return Insight(self.states, self.executions.live, self.limits, custody).pages()

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

    def _is_express(self, arn: str) -> bool | None:
        parts = arn.split(":")
        try:
            return self._find_target(parts[4], parts[3], arn).express
        except (ServiceError, IndexError):
            return None

    def _find_target(self, account: str, region: str, arn: str) -> Target:
        call = Call(account=account, region=region, request_id="", base_url="")
        parsed = parse_machine(arn)
        machine = startable(self.states, call, parsed, arn)
        revision, extra = target_revision(self.states, machine, parsed, arn)
        return Target(
            machine.row.id, revision, machine.arn, extra, express=machine.row.type == "EXPRESS"
        )
