"""A queue between the machine and its function: batches, a delay, and dead letters."""

from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct
from recording import ANSWER, RecordingMachine, record

CODE = Path(__file__).parent.parent / "sqs_buffered" / "functions"


class BufferedStack(Stack):
    """The machine, its queue and its function."""

    def __init__(self, scope: Construct, construct_id: str, **more: Any) -> None:
        super().__init__(scope, construct_id, **more)
        table = dynamodb.Table(
            self,
            "BufferedMessages",
            partition_key=dynamodb.Attribute(name="messageId", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            removal_policy=RemovalPolicy.DESTROY,
        )
        queue = self._queue()
        recorder = functions.Function(
            self,
            "BatchRecorder",
            runtime=functions.Runtime.NODEJS_14_X,
            code=functions.Code.from_asset(str(CODE)),
            handler="message-recorder.processor",
            timeout=Duration.minutes(1),
            environment={"MESSAGES_TABLE_NAME": table.table_name},
        )
        table.grant_write_data(recorder)
        recorder.add_event_source(
            sources.SqsEventSource(queue, batch_size=2, max_batching_window=Duration.seconds(10))
        )
        step = tasks.SqsSendMessage(
            self,
            "Record using Queue",
            comment="Record message into dynamodb using a function behind a queue",
            queue=queue,
            integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
            input_path=sfn.JsonPath.entire_payload,
            message_body=record(),
            **ANSWER,
        )
        machine = RecordingMachine(
            self, "Recording", step=step, timeout=Duration.minutes(10)
        ).machine
        machine.grant_task_response(recorder)
        CfnOutput(self, "MachineArn", value=machine.state_machine_arn)
        CfnOutput(self, "QueueUrl", value=queue.queue_url)
        CfnOutput(self, "TableName", value=table.table_name)

    def _queue(self) -> sqs.Queue:
        dead_letters = sqs.Queue(self, "RecordingDeadLetters", retention_period=Duration.days(14))
        return sqs.Queue(
            self,
            "RecordingQueue",
            retention_period=Duration.days(5),
            delivery_delay=Duration.seconds(3),
            visibility_timeout=Duration.minutes(100),
            removal_policy=RemovalPolicy.DESTROY,
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=100),
        )
