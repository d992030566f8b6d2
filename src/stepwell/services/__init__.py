"""The AWS services: each a core without I/O, its tables, its operations."""
