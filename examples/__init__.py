"""Five small apps as people write them for AWS, each with its functions in its own language."""
