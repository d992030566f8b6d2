"""What both machines have in common: the payload with the token, and the look at the answer."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

ANSWER = {
    "result_selector": {"Payload.$": "$", "StatusCode.$": "$.statusCode"},
    "result_path": "$.recordResult",
}
"""How the answer to the token becomes part of the state."""


def record() -> sfn.TaskInput:
    """The message to record, with the token that its recorder answers."""
    return sfn.TaskInput.from_object(
        {
            "MyTaskToken": sfn.JsonPath.task_token,
            "Record": {
                "messageId.$": "$.id",
                "createdAt.$": "$.time",
                "event.$": "States.StringToJson($.detail.message)",
            },
        }
    )


class RecordingMachine(Construct):
    """Records a message, waits for the answer, and succeeds or fails by its status."""

    def __init__(
        self, scope: Construct, construct_id: str, *, step: sfn.TaskStateBase, timeout: Duration
    ) -> None:
        super().__init__(scope, construct_id)
        failed = sfn.Fail(self, "Job Failed", comment="Job Failed")
        succeeded = sfn.Succeed(self, "Job Succeed", comment="Job Succeed")
        status = sfn.Choice(self, "Check Status?", input_path="$.recordResult")
        status.when(sfn.Condition.number_equals("$.StatusCode", 500), failed)
        status.when(sfn.Condition.number_equals("$.StatusCode", 200), succeeded)
        status.otherwise(failed)
        self.log = logs.LogGroup(
            self,
            "Log",
            removal_policy=RemovalPolicy.DESTROY,
            retention=logs.RetentionDays.ONE_WEEK,
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_chainable(step.next(status)),
            timeout=timeout,
            logs=sfn.LogOptions(
                destination=self.log, include_execution_data=True, level=sfn.LogLevel.ALL
            ),
        )
