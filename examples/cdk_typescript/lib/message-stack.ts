// A POST becomes an event, the event's rule starts a machine, and the machine waits for a function.

import * as path from "node:path";
import { CfnOutput, Duration, RemovalPolicy, Stack, StackProps } from "aws-cdk-lib";
import { HttpApi, HttpMethod, ParameterMapping } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpEventBridgeIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import { EventBus, Rule, RuleTargetInput } from "aws-cdk-lib/aws-events";
import { SfnStateMachine } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { IntegrationPattern, JsonPath, Timeout } from "aws-cdk-lib/aws-stepfunctions";
import { LambdaInvoke } from "aws-cdk-lib/aws-stepfunctions-tasks";
import { Construct } from "constructs";
import { ANSWER, RECORD, RecordingMachine } from "./recording";

const SOURCE = "com.devpost.commonevent";

export class MessageStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const table = new Table(this, "MessagesTable", {
      partitionKey: { name: "messageId", type: AttributeType.STRING },
      sortKey: { name: "createdAt", type: AttributeType.NUMBER },
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const recorder = new Function(this, "MessageRecorderHandler", {
      runtime: Runtime.NODEJS_14_X,
      code: Code.fromAsset(path.join(__dirname, "../../cdk_state_machine/functions")),
      handler: "message-recorder.processor",
      timeout: Duration.minutes(1),
      logRetention: RetentionDays.ONE_MONTH,
      environment: { MESSAGES_TABLE_NAME: table.tableName },
    });
    table.grantWriteData(recorder);

    const { machine, log } = new RecordingMachine(this, "Recording", {
      timeout: Duration.seconds(30),
      record: new LambdaInvoke(this, "Record Message", {
        comment: "Record message in dynamo",
        lambdaFunction: recorder,
        integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
        taskTimeout: Timeout.duration(Duration.minutes(1)),
        inputPath: JsonPath.entirePayload,
        payload: RECORD,
        ...ANSWER,
      }),
    });
    // Naming the machine here would make a circle: it may invoke the function, which may answer it.
    recorder.addToRolePolicy(
      new PolicyStatement({
        actions: ["states:SendTaskSuccess", "states:SendTaskFailure"],
        resources: ["*"],
      }),
    );

    const bus = new EventBus(this, "CommonBus", { eventBusName: "commonbus" });
    new Rule(this, "CommonEventRule", {
      eventBus: bus,
      eventPattern: { source: [SOURCE] },
      targets: [
        new SfnStateMachine(machine, {
          deadLetterQueue: new Queue(this, "CommonEventDeadLetters", {
            retentionPeriod: Duration.days(14),
          }),
          retryAttempts: 3,
          input: RuleTargetInput.fromEventPath("$"),
        }),
      ],
    });

    const api = new HttpApi(this, "MessageApi");
    api.addRoutes({
      path: "/message",
      methods: [HttpMethod.POST],
      integration: new HttpEventBridgeIntegration("PutEvents", {
        eventBusRef: bus.eventBusRef,
        parameterMapping: new ParameterMapping()
          .custom("Source", SOURCE)
          .custom("DetailType", "transaction")
          .custom("Detail", "$request.body"),
      }),
    });

    new CfnOutput(this, "Url", { value: `${api.apiEndpoint}/message` });
    new CfnOutput(this, "MachineArn", { value: machine.stateMachineArn });
    new CfnOutput(this, "TableName", { value: table.tableName });
    new CfnOutput(this, "LogName", { value: log.logGroupName });
  }
}
