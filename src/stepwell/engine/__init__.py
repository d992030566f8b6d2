"""The pure core: (program, execution, event) -> history events and commands. No clock, no I/O."""
