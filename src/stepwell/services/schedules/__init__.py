"""When something is due: `rate(...)`, `cron(...)` and `at(...)` as AWS writes them. Pure."""
