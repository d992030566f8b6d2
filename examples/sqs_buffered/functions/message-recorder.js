// A batch of queue messages: each is written to the table, and answers its own token.
'use strict';

const { DynamoDB, StepFunctions } = require('aws-sdk');

const sfn = new StepFunctions({ apiVersion: '2016-11-23' });

const reply = (message, status, result) => ({
  statusCode: status,
  headers: { 'Content-Type': 'text/json' },
  putStatus: { messageId: message.messageId, ProcessorResult: result },
});

exports.processor = async (event) => {
  console.log(`a batch of ${event.Records.length}`);
  const dynamo = new DynamoDB();
  await Promise.all(event.Records.map(async (record) => {
    const { Record: message, MyTaskToken: taskToken } = JSON.parse(record.body);
    let result;
    try {
      result = await dynamo.putItem({
        TableName: process.env.MESSAGES_TABLE_NAME,
        Item: {
          messageId: { S: message.messageId },
          createdAt: { N: `${new Date(message.createdAt).getTime()}` },
          event: { S: JSON.stringify(message.event) },
          batch: { N: `${event.Records.length}` },
        },
        ReturnConsumedCapacity: 'TOTAL',
      }).promise();
    } catch (error) {
      const cause = JSON.stringify(reply(message, 500, error));
      await sfn.sendTaskFailure({ error: error.code, cause, taskToken }).promise();
      return;
    }
    try {
      await sfn.sendTaskSuccess({ output: JSON.stringify(reply(message, 200, result)), taskToken }).promise();
    } catch (error) {
      // The machine no longer waits: nothing is lost, the record is written.
      console.log(`${error.code}: ${error.message}`);
    }
  }));
};
