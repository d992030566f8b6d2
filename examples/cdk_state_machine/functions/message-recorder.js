// One message: it is written to the table, and the machine's token is answered.
'use strict';

const { DynamoDB, StepFunctions } = require('aws-sdk');

const sfn = new StepFunctions({ apiVersion: '2016-11-23' });

const reply = (message, status, result) => ({
  statusCode: status,
  headers: { 'Content-Type': 'text/json' },
  putStatus: { messageId: message.messageId, ProcessorResult: result },
});

exports.processor = async (event) => {
  const dynamo = new DynamoDB();
  const { Record: message, MyTaskToken: taskToken } = event;
  let result;
  try {
    result = await dynamo.putItem({
      TableName: process.env.MESSAGES_TABLE_NAME,
      Item: {
        messageId: { S: message.messageId },
        createdAt: { N: `${new Date(message.createdAt).getTime()}` },
        event: { S: JSON.stringify(message.event) },
      },
      ReturnConsumedCapacity: 'TOTAL',
    }).promise();
  } catch (error) {
    const cause = JSON.stringify(reply(message, 500, error));
    await sfn.sendTaskFailure({ error: error.code, cause, taskToken }).promise();
    return cause;
  }
  const output = reply(message, 200, result);
  await sfn.sendTaskSuccess({ output: JSON.stringify(output), taskToken }).promise();
  return output;
};
