"""CloudFormation: stacks, their change sets, events and exports, and the durable deployment."""
