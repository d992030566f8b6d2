"""Queues and streams read in batches, for whatever is done with them: functions, pipes."""
