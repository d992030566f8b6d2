"""The Step Functions API: state machines, executions, activities, tokens, tags."""
