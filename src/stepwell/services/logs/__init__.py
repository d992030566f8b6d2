"""CloudWatch Logs: groups, streams, events, filters, retention."""
