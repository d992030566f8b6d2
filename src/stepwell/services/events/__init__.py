"""EventBridge: buses, rules, targets, events, schedules, connections and API destinations."""
