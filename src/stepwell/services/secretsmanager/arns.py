"""ARNs of secrets."""

from __future__ import annotations

from stepwell.services.secretsmanager.records import SecretRow


def arn_of(row: SecretRow) -> str:
    """The secret's ARN."""
    account, _, region = row.scope.partition(":")
    partition = "aws-cn" if region.startswith("cn-") else "aws"
    return f"arn:{partition}:secretsmanager:{region}:{account}:secret:{row.name}-{row.suffix}"
