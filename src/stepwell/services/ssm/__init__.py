"""SSM's Parameter Store: named values with versions and labels."""
