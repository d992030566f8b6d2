"""The command line. Everything but `start` speaks the public API only."""
