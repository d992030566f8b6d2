// Drives the callback workflow with the AWS SDK for JavaScript v3 in its default configuration.
// Usage: node drive.mjs ENDPOINT. The last line of the output is one JSON object: what was seen.

import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetActivityTaskCommand,
  GetExecutionHistoryCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";

const settings = {
  endpoint: process.argv[2],
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
};
const states = new SFNClient(settings);
const sqs = new SQSClient(settings);
const LOOKS_MAX = 600;
const LOOK_AGAIN_MS = 50;

async function ended(executionArn) {
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const told = await states.send(new DescribeExecutionCommand({ executionArn }));
    if (told.status !== "RUNNING") return told;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  throw new Error("the execution does not end");
}

async function create(name, state) {
  const definition = JSON.stringify({ StartAt: "Only", States: { Only: { ...state, End: true } } });
  const roleArn = "arn:aws:iam::000000000000:role/js";
  const made = await states.send(new CreateStateMachineCommand({ name, definition, roleArn }));
  return made.stateMachineArn;
}

async function callback() {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "js" }));
  const stateMachineArn = await create("js", {
    Type: "Task",
    Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    HeartbeatSeconds: 60,
    Parameters: { QueueUrl, MessageBody: { "token.$": "$$.Task.Token", "text.$": "$.text" } },
  });
  const input = JSON.stringify({ text: "grüße 🚀" });
  const started = await states.send(new StartExecutionCommand({ stateMachineArn, input }));
  const received = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10 }));
  const [message] = received.Messages;
  const { token: taskToken, text } = JSON.parse(message.Body);
  await states.send(new SendTaskHeartbeatCommand({ taskToken }));
  await states.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify({ text }) }));
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
  const told = await ended(started.executionArn);
  let refusal = "";
  try {
    await states.send(new SendTaskSuccessCommand({ taskToken, output: "{}" }));
  } catch (error) {
    refusal = error.name;
  }
  const { executionArn } = started;
  const history = await states.send(new GetExecutionHistoryCommand({ executionArn }));
  return {
    status: told.status,
    output: told.output,
    refusal,
    started: started.startDate instanceof Date,
    types: history.events.map((event) => event.type),
  };
}

async function activity() {
  const made = await states.send(new CreateActivityCommand({ name: "js" }));
  const stateMachineArn = await create("js-activity", { Type: "Task", Resource: made.activityArn });
  const started = await states.send(new StartExecutionCommand({ stateMachineArn, input: "[1]" }));
  const { activityArn } = made;
  const task = await states.send(new GetActivityTaskCommand({ activityArn, workerName: "js" }));
  const { taskToken, input } = task;
  await states.send(new SendTaskSuccessCommand({ taskToken, output: input }));
  return (await ended(started.executionArn)).output;
}

async function batch() {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "js-batch" }));
  const text = { DataType: "String", StringValue: "ü" };
  const blob = { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) };
  // The client itself checks the MD5s of bodies.
  const Entries = [
    { Id: "a", MessageBody: "one", MessageAttributes: { text, blob } },
    { Id: "b", MessageBody: "" },
  ];
  const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const MessageAttributeNames = ["All"];
  const asked = { QueueUrl, MessageAttributeNames, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 };
  const received = await sqs.send(new ReceiveMessageCommand(asked));
  const attributes = received.Messages[0].MessageAttributes;
  return {
    sent: (sent.Successful ?? []).map((entry) => entry.Id),
    failed: (sent.Failed ?? []).map((entry) => entry.Id),
    body: received.Messages[0].Body,
    text: attributes.text.StringValue,
    blob: [...attributes.blob.BinaryValue],
  };
}

const seen = { callback: await callback(), activity: await activity(), batch: await batch() };
console.log(JSON.stringify(seen));
states.destroy();
sqs.destroy();
