"""A function that the AWS CLI packs."""

import os


def handler(event: dict[str, str], context: object) -> dict[str, str]:
    """A greeting."""
    return {"said": f"{os.environ['GREETING']} {event['name']}"}
