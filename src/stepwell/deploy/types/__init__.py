"""Resource types, a file per service or part of one; each lists its own in `TYPES`."""
