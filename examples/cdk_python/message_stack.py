"""A POST becomes an event, the event's rule starts a machine, and that waits for a function."""

from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_apigatewayv2 as apis
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct
from recording import ANSWER, RecordingMachine, record

CODE = Path(__file__).parent.parent / "cdk_state_machine" / "functions"
SOURCE = "com.devpost.commonevent"


class MessageStack(Stack):
    """The whole way of a message."""

    def __init__(self, scope: Construct, construct_id: str, **more: Any) -> None:
        super().__init__(scope, construct_id, **more)
        table = dynamodb.Table(
            self,
            "MessagesTable",
            partition_key=dynamodb.Attribute(name="messageId", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="createdAt", type=dynamodb.AttributeType.NUMBER),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            removal_policy=RemovalPolicy.DESTROY,
        )
        recorder = functions.Function(
            self,
            "MessageRecorderHandler",
            runtime=functions.Runtime.NODEJS_14_X,
            code=functions.Code.from_asset(str(CODE)),
            handler="message-recorder.processor",
            timeout=Duration.minutes(1),
            log_retention=logs.RetentionDays.ONE_MONTH,
            environment={"MESSAGES_TABLE_NAME": table.table_name},
        )
        table.grant_write_data(recorder)
        recording = RecordingMachine(
            self, "Recording", step=self._record_message(recorder), timeout=Duration.seconds(30)
        )
        # Naming the machine here would make a circle: it may invoke the function.
        answering = ["states:SendTaskSuccess", "states:SendTaskFailure"]
        recorder.add_to_role_policy(iam.PolicyStatement(actions=answering, resources=["*"]))
        api = self._endpoint(self._bus(recording.machine))
        CfnOutput(self, "Url", value=f"{api.api_endpoint}/message")
        CfnOutput(self, "MachineArn", value=recording.machine.state_machine_arn)
        CfnOutput(self, "TableName", value=table.table_name)
        CfnOutput(self, "LogName", value=recording.log.log_group_name)

    def _record_message(self, recorder: functions.IFunction) -> tasks.LambdaInvoke:
        return tasks.LambdaInvoke(
            self,
            "Record Message",
            comment="Record message in dynamo",
            lambda_function=recorder,
            integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
            task_timeout=sfn.Timeout.duration(Duration.minutes(1)),
            input_path=sfn.JsonPath.entire_payload,
            payload=record(),
            **ANSWER,
        )

    def _bus(self, machine: sfn.IStateMachine) -> events.EventBus:
        bus = events.EventBus(self, "CommonBus", event_bus_name="commonbus")
        dead_letters = sqs.Queue(self, "CommonEventDeadLetters", retention_period=Duration.days(14))
        target = targets.SfnStateMachine(
            machine,
            dead_letter_queue=dead_letters,
            retry_attempts=3,
            input=events.RuleTargetInput.from_event_path("$"),
        )
        events.Rule(
            self,
            "CommonEventRule",
            event_bus=bus,
            event_pattern=events.EventPattern(source=[SOURCE]),
            targets=[target],
        )
        return bus

    def _endpoint(self, bus: events.EventBus) -> apis.HttpApi:
        """POST /message puts the body on the bus."""
        mapping = apis.ParameterMapping()
        mapping.custom("Source", SOURCE)
        mapping.custom("DetailType", "transaction")
        mapping.custom("Detail", "$request.body")
        api = apis.HttpApi(self, "MessageApi")
        api.add_routes(
            path="/message",
            methods=[apis.HttpMethod.POST],
            integration=integrations.HttpEventBridgeIntegration(
                "PutEvents", event_bus_ref=bus.event_bus_ref, parameter_mapping=mapping
            ),
        )
        return api
