"""The server and the command line on PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from stepwell.cli.main import main
from stepwell.testing.postgres import postgres_server, postgres_url
from stepwell.testing.server import ServerProcess
from tests.cli.conftest import ROLE, ask_state, client

__all__ = ["postgres_server", "postgres_url"]


def test_explain_and_tokens_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """What waits is told from PostgreSQL as from the folder; the banner names the database."""
    with ServerProcess(tmp_path / "data", arguments=["--store", postgres_url]) as server:
        assert f"data     {postgres_url.partition('://')[0]}://" in server.log()
        states, sqs = client(server, "stepfunctions"), client(server, "sqs")
        queue_url = sqs.create_queue(QueueName="approvals")["QueueUrl"]
        ask = ask_state(queue_url, TimeoutSeconds=600, HeartbeatSeconds=300)
        definition = json.dumps({"StartAt": "Ask", "States": {"Ask": ask}})
        machine = states.create_state_machine(name="m", definition=definition, roleArn=ROLE)
        states.start_execution(stateMachineArn=machine["stateMachineArn"], name="one")

        def run(*arguments: str) -> Result:
            return CliRunner().invoke(main, [*arguments, "--endpoint", server.endpoint])

        [entry] = json.loads(run("explain", "one", "--json").stdout)["waitsFor"]
        assert (entry["kind"], entry["state"]) == ("token", "Ask")
        assert [limit["kind"] for limit in entry["limits"]] == ["heartbeat", "timeout"]
        assert run("answer", entry["token"], "--output", "{}").exit_code == 0
        assert "The execution succeeded in the state Ask." in run("explain", "one").stdout
        [token] = json.loads(run("tokens", "--status", "all", "--json").stdout)["tokens"]
        assert token["reason"] == "succeeded"
        assert server.stop() == 0
