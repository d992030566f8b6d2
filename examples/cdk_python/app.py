"""Two callback workflows as a CDK app in Python."""

from aws_cdk import App
from buffered_stack import BufferedStack
from message_stack import MessageStack

app = App()
MessageStack(app, "Messages")
BufferedStack(app, "Buffered")
app.synth()
