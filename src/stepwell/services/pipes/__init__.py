"""EventBridge Pipes: from a queue or a stream, by way of an enrichment, to a target."""
