"""EventBridge Scheduler: schedules that call one target, once or again and again."""
