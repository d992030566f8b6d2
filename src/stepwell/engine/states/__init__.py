"""One file per kind of state: its whole life."""
