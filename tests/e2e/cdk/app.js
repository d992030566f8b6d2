// What the CDK makes with functions of its own: custom resources, each with another framework.
'use strict';

const {
  App, CfnOutput, CustomResource, Duration, RemovalPolicy, Stack,
  aws_lambda: lambda, aws_logs: logs, aws_route53: route53, aws_s3: s3,
  aws_s3_notifications: notifications, aws_sqs: sqs, aws_ssm: ssm, custom_resources: custom,
} = require('aws-cdk-lib');

const SLOW = `
exports.begin = async (event) => {
  console.log(JSON.stringify(event));
  if (event.ResourceProperties.Broken === 'yes') throw new Error('this one is broken');
  return { PhysicalResourceId: event.PhysicalResourceId || 'slow-' + event.LogicalResourceId };
};
let looks = 0;
exports.look = async () => {
  looks += 1;
  return looks > 1 ? { IsComplete: true, Data: { Looks: looks } } : { IsComplete: false };
};
`;

const inline = (stack, id, handler, code) => new lambda.Function(stack, id, {
  runtime: lambda.Runtime.NODEJS_20_X, handler, code: lambda.Code.fromInline(code),
});

const app = new App();
const broken = app.node.tryGetContext('broken') || 'no';
const looked = app.node.tryGetContext('look');
const stack = new Stack(app, 'Custom', {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION },
});

// A bucket that empties itself, and tells a queue what comes.
const bucket = new s3.Bucket(stack, 'Bucket', {
  autoDeleteObjects: true, removalPolicy: RemovalPolicy.DESTROY,
});
const arrivals = new sqs.Queue(stack, 'Arrivals');
bucket.addEventNotification(
  s3.EventType.OBJECT_CREATED, new notifications.SqsDestination(arrivals), { prefix: 'in/' },
);

// A call of the SDK, whose answer another resource takes.
const call = new custom.AwsCustomResource(stack, 'Call', {
  onCreate: {
    service: 'SSM', action: 'putParameter', physicalResourceId: custom.PhysicalResourceId.of('call'),
    parameters: { Name: '/custom/said', Value: 'hello', Type: 'String', Overwrite: true },
  },
  onDelete: { service: 'SSM', action: 'deleteParameter', parameters: { Name: '/custom/said' } },
  policy: custom.AwsCustomResourcePolicy.fromSdkCalls({ resources: ['*'] }),
  installLatestAwsSdk: false,
  logRetention: logs.RetentionDays.ONE_DAY,
});

// A resource that takes its time: the framework's own state machine looks again and again.
const provider = new custom.Provider(stack, 'Provider', {
  onEventHandler: inline(stack, 'Begin', 'index.begin', SLOW),
  isCompleteHandler: inline(stack, 'Look', 'index.look', SLOW),
  queryInterval: Duration.seconds(1),
});
const slow = new CustomResource(stack, 'Slow', {
  serviceToken: provider.serviceToken, properties: { Broken: broken },
});

new ssm.StringParameter(stack, 'Said', { stringValue: call.getResponseField('Version') });
if (looked === 'parameter') {
  const value = ssm.StringParameter.valueFromLookup(stack, '/greeting');
  new CfnOutput(stack, 'Greeting', { value });
}
if (looked === 'domain') {
  route53.HostedZone.fromLookup(stack, 'Domain', { domainName: 'example.com' });
}
new CfnOutput(stack, 'BucketName', { value: bucket.bucketName });
new CfnOutput(stack, 'ArrivalsUrl', { value: arrivals.queueUrl });
new CfnOutput(stack, 'SlowId', { value: slow.ref });
new CfnOutput(stack, 'Looks', { value: slow.getAttString('Looks') });
app.synth();
