"""An HTTP call puts an event on a bus; a rule starts a machine, which waits for its function."""
