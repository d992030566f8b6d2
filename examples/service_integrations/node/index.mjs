// Answers the tokens of the messages it gets.
import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';

const sfn = new SFNClient({});

export const handler = async (event, context) => {
  console.log(`In Handler: Executing ${context.functionName}, ${context.functionVersion}`);
  for (const record of event.Records) {
    const message = JSON.parse(record.body);
    if (message.TaskToken) {
      const output = JSON.stringify({ Output: 'message', ack: 'success', from: 'node' });
      await sfn.send(new SendTaskSuccessCommand({ taskToken: message.TaskToken, output }));
    }
  }
};
