"""How a Task reaches a service: the only place that knows the runtime and the services."""
