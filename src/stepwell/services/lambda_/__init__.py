"""Lambda: functions, their versions and aliases, invocations and what triggers them."""
