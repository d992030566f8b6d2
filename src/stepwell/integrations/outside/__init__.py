"""Services that are not embedded: an upstream, a mock, or a command of this machine."""
