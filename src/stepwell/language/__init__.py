"""Amazon States Language: text to a checked, compiled Program. No clock, no I/O."""
