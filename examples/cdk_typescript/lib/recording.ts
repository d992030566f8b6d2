// What both machines have in common: the payload that carries the token, and the look at the answer.

import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";

export const RECORD = sfn.TaskInput.fromObject({
  MyTaskToken: sfn.JsonPath.taskToken,
  Record: {
    "messageId.$": "$.id",
    "createdAt.$": "$.time",
    "event.$": "States.StringToJson($.detail.message)",
  },
});

/** How the answer to the token becomes part of the state. */
export const ANSWER = {
  resultSelector: { "Payload.$": "$", "StatusCode.$": "$.statusCode" },
  resultPath: "$.recordResult",
};

export interface RecordingMachineProps {
  /** The step that hands out the token and waits. */
  readonly record: sfn.TaskStateBase;
  readonly timeout: Duration;
}

/** Records a message, waits for the answer, and succeeds or fails by its status. */
export class RecordingMachine extends Construct {
  public readonly machine: sfn.StateMachine;
  public readonly log: LogGroup;

  constructor(scope: Construct, id: string, { record, timeout }: RecordingMachineProps) {
    super(scope, id);
    const failed = new sfn.Fail(this, "Job Failed", { comment: "Job Failed" });
    const succeeded = new sfn.Succeed(this, "Job Succeed", { comment: "Job Succeed" });
    const checkStatus = new sfn.Choice(this, "Check Status?", { inputPath: "$.recordResult" })
      .when(sfn.Condition.numberEquals("$.StatusCode", 500), failed)
      .when(sfn.Condition.numberEquals("$.StatusCode", 200), succeeded)
      .otherwise(failed);
    this.log = new LogGroup(this, "Log", {
      removalPolicy: RemovalPolicy.DESTROY,
      retention: RetentionDays.ONE_WEEK,
    });
    this.machine = new sfn.StateMachine(this, "Machine", {
      definitionBody: sfn.DefinitionBody.fromChainable(record.next(checkStatus)),
      timeout,
      logs: { destination: this.log, includeExecutionData: true, level: sfn.LogLevel.ALL },
    });
  }
}
