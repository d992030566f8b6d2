import { App } from "aws-cdk-lib";
import { BufferedStack } from "../lib/buffered-stack";
import { MessageStack } from "../lib/message-stack";

const app = new App();
new MessageStack(app, "Messages");
new BufferedStack(app, "Buffered");
