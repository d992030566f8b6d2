"""The HTTP edge: one port, AWS's protocols driven by the service models, health page."""
