"""Resources whose making waits for somebody else: custom resources, nested stacks, conditions."""
