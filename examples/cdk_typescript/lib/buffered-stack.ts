// A queue between the machine and its function: batches, a delay, and dead letters.

import * as path from "node:path";
import { CfnOutput, Duration, RemovalPolicy, Stack, StackProps } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import { Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { IntegrationPattern, JsonPath } from "aws-cdk-lib/aws-stepfunctions";
import { SqsSendMessage } from "aws-cdk-lib/aws-stepfunctions-tasks";
import { Construct } from "constructs";
import { ANSWER, RECORD, RecordingMachine } from "./recording";

export class BufferedStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const table = new Table(this, "BufferedMessages", {
      partitionKey: { name: "messageId", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const queue = new Queue(this, "RecordingQueue", {
      retentionPeriod: Duration.days(5),
      deliveryDelay: Duration.seconds(3),
      visibilityTimeout: Duration.minutes(100),
      removalPolicy: RemovalPolicy.DESTROY,
      deadLetterQueue: {
        maxReceiveCount: 100,
        queue: new Queue(this, "RecordingDeadLetters", { retentionPeriod: Duration.days(14) }),
      },
    });
    const recorder = new Function(this, "BatchRecorder", {
      runtime: Runtime.NODEJS_14_X,
      code: Code.fromAsset(path.join(__dirname, "../../sqs_buffered/functions")),
      handler: "message-recorder.processor",
      timeout: Duration.minutes(1),
      environment: { MESSAGES_TABLE_NAME: table.tableName },
    });
    table.grantWriteData(recorder);
    recorder.addEventSource(
      new SqsEventSource(queue, { batchSize: 2, maxBatchingWindow: Duration.seconds(10) }),
    );

    const { machine } = new RecordingMachine(this, "Recording", {
      timeout: Duration.minutes(10),
      record: new SqsSendMessage(this, "Record using Queue", {
        comment: "Record message into dynamodb using a function behind a queue",
        queue,
        integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
        inputPath: JsonPath.entirePayload,
        messageBody: RECORD,
        ...ANSWER,
      }),
    });
    machine.grantTaskResponse(recorder);

    new CfnOutput(this, "MachineArn", { value: machine.stateMachineArn });
    new CfnOutput(this, "QueueUrl", { value: queue.queueUrl });
    new CfnOutput(this, "TableName", { value: table.tableName });
  }
}
