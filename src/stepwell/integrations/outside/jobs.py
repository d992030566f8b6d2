"""How `.sync` follows a job of another service: what to ask, and what its answer means."""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.values import JsonObject, JsonValue

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of job.

    `ask` are parameters of `operation`: each is found in the call's answer, then in its own
    parameters. `status` is where the answer has it. `result` is what the task gets of it.
    """

    operation: str
    ask: dict[str, Path]
    status: Path
    good: frozenset[str]
    bad: frozenset[str]
    result: Path = ()
    as_list: frozenset[str] = frozenset()
    """Parameters that want a list."""


def _of(text: str) -> frozenset[str]:
    return frozenset(text.split())


JOBS: dict[tuple[str, str], Job] = {
    ("glue", "startJobRun"): Job(
        "GetJobRun",
        {"JobName": ("JobName",), "RunId": ("JobRunId",)},
        ("JobRun", "JobRunState"),
        _of("SUCCEEDED"),
        _of("FAILED STOPPED TIMEOUT ERROR EXPIRED"),
        ("JobRun",),
    ),
    ("athena", "startQueryExecution"): Job(
        "GetQueryExecution",
        {"QueryExecutionId": ("QueryExecutionId",)},
        ("QueryExecution", "Status", "State"),
        _of("SUCCEEDED"),
        _of("FAILED CANCELLED"),
    ),
    ("batch", "submitJob"): Job(
        "DescribeJobs",
        {"Jobs": ("JobId",)},
        ("Jobs", 0, "Status"),
        _of("SUCCEEDED"),
        _of("FAILED"),
        ("Jobs", 0),
        _of("Jobs"),
    ),
    ("ecs", "runTask"): Job(
        "DescribeTasks",
        {"Cluster": ("Cluster",), "Tasks": ("Tasks", 0, "TaskArn")},
        ("Tasks", 0, "LastStatus"),
        _of("STOPPED"),
        frozenset(),
        ("Tasks", 0),
        _of("Tasks"),
    ),
    ("codebuild", "startBuild"): Job(
        "BatchGetBuilds",
        {"Ids": ("Build", "Id")},
        ("Builds", 0, "BuildStatus"),
        _of("SUCCEEDED"),
        _of("FAILED FAULT TIMED_OUT STOPPED"),
        ("Builds", 0),
        _of("Ids"),
    ),
    ("databrew", "startJobRun"): Job(
        "DescribeJobRun",
        {"Name": ("Name",), "RunId": ("RunId",)},
        ("State",),
        _of("SUCCEEDED"),
        _of("FAILED STOPPED TIMEOUT"),
    ),
    ("sagemaker", "createTrainingJob"): Job(
        "DescribeTrainingJob",
        {"TrainingJobName": ("TrainingJobName",)},
        ("TrainingJobStatus",),
        _of("Completed"),
        _of("Failed Stopped"),
    ),
    ("sagemaker", "createProcessingJob"): Job(
        "DescribeProcessingJob",
        {"ProcessingJobName": ("ProcessingJobName",)},
        ("ProcessingJobStatus",),
        _of("Completed"),
        _of("Failed Stopped"),
    ),
    ("sagemaker", "createTransformJob"): Job(
        "DescribeTransformJob",
        {"TransformJobName": ("TransformJobName",)},
        ("TransformJobStatus",),
        _of("Completed"),
        _of("Failed Stopped"),
    ),
    ("emr-serverless", "startJobRun"): Job(
        "GetJobRun",
        {"ApplicationId": ("ApplicationId",), "JobRunId": ("JobRunId",)},
        ("JobRun", "State"),
        _of("SUCCESS"),
        _of("FAILED CANCELLED"),
        ("JobRun",),
    ),
    ("emr-containers", "startJobRun"): Job(
        "DescribeJobRun",
        {"VirtualClusterId": ("VirtualClusterId",), "Id": ("Id",)},
        ("JobRun", "State"),
        _of("COMPLETED"),
        _of("FAILED CANCELLED"),
        ("JobRun",),
    ),
    ("elasticmapreduce", "addStep"): Job(
        "DescribeStep",
        {"ClusterId": ("ClusterId",), "StepId": ("StepId",)},
        ("Step", "Status", "State"),
        _of("COMPLETED"),
        _of("FAILED CANCELLED INTERRUPTED"),
    ),
    ("mediaconvert", "createJob"): Job(
        "GetJob",
        {"Id": ("Job", "Id")},
        ("Job", "Status"),
        _of("COMPLETE"),
        _of("ERROR CANCELED"),
    ),
}


def look(value: JsonValue, path: Path) -> JsonValue:
    """What stands at a place, or None."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def question(job: Job, parameters: JsonValue, submitted: JsonValue) -> JsonObject:
    """The parameters that ask for a job's state."""
    asked: JsonObject = {}
    for name, path in job.ask.items():
        value = look(submitted, path)
        if value is None:
            value = look(parameters, path)
        if value is not None:
            asked[name] = [value] if name in job.as_list else value
    return asked


def verdict(job: Job, answer: JsonValue) -> tuple[bool, JsonValue] | None:
    """Whether a job ended well, and its result; None while it goes on."""
    status = look(answer, job.status)
    result = look(answer, job.result)
    if status in job.good:
        return _exit_codes(result), result
    if status in job.bad:
        return False, result
    return None


def _exit_codes(task: JsonValue) -> bool:
    """A task of containers ended well when all of them say so; others have no containers."""
    containers = task.get("Containers") if isinstance(task, dict) else None
    if not isinstance(containers, list):
        return True
    return all(look(container, ("ExitCode",)) == 0 for container in containers)
