"""Every kind of job is asked for and stopped as its service's own model says."""

from __future__ import annotations

import botocore.session
import pytest

from stepwell.integrations.outside.jobs import JOBS, Question

_MODELS = {"elasticmapreduce": "emr"}


@pytest.mark.parametrize(("service", "action"), JOBS)
def test_questions_are_operations_of_the_service(service: str, action: str) -> None:
    """They exist, have those parameters, and all that they require is given."""
    model = botocore.session.get_session().get_service_model(_MODELS.get(service, service))
    job = JOBS[service, action]
    for question in (job.state, job.stop):
        given = question.about({}, None)
        assert given == {}
        shape = model.operation_model(question.operation).input_shape
        assert shape is not None
        assert set(question.ask) <= set(shape.members) | _small(question)
        assert {name.lower() for name in shape.required_members} <= {
            name.lower() for name in question.ask
        }
        for name in question.as_list:
            assert shape.members[_spelled(name, shape.members)].type_name == "list"


def _small(question: Question) -> set[str]:
    """Some models write members small; tasks write all of them large."""
    return {name for name in question.ask if name[:1].isupper()}


def _spelled(name: str, members: dict[str, object]) -> str:
    return name if name in members else name[:1].lower() + name[1:]
