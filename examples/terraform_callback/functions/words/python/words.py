"""A layer: what several functions share."""


def verdict(order):
    """Every order is a good one."""
    return "approved"
