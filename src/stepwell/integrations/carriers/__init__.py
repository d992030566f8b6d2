"""The ways from one embedded service to another, one module per kind of target."""
