"""Event patterns: which events a rule wants. Pure: no clock, no store, no service."""
