"""A server whose clock is put forward: months of waiting pass at once."""

from __future__ import annotations

import json
from pathlib import Path

import boto3

from stepwell.testing.skipping import SkippingServer

MONTHS = {
    "StartAt": "Sleep",
    "States": {
        "Sleep": {"Type": "Wait", "Seconds": 8_000_000, "Next": "Again"},
        "Again": {"Type": "Wait", "Seconds": 8_000_000, "End": True},
    },
}


def test_a_year_passes_in_a_moment(tmp_path: Path) -> None:
    """Waits that follow each other end at their own times, one after the other."""
    with SkippingServer(tmp_path / "data") as server:
        sfn = boto3.client(
            "stepfunctions",
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        machine = sfn.create_state_machine(
            name="months", definition=json.dumps(MONTHS), roleArn="arn:aws:iam::000000000000:role/r"
        )["stateMachineArn"]
        execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]
        server.skip(days=365)
        ended = sfn.describe_execution(executionArn=execution)
        assert ended["status"] == "SUCCEEDED"
        took = ended["stopDate"] - ended["startDate"]
        assert 16_000_000 <= took.total_seconds() < 16_000_100
