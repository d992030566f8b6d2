"""The durable deployment: what is under way at a stack, as rows, and what makes it go on."""
