"""How `.sync` follows a job of another service: what to ask, what that means, how to stop it."""

from __future__ import annotations

from dataclasses import dataclass

from stepwell.values import JsonObject, JsonValue

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """An operation on a job: each parameter is found in the call's answer, then in its own
    parameters."""

    operation: str
    ask: dict[str, Path]
    as_list: frozenset[str] = frozenset()
    """Parameters that want a list."""

    def about(self, parameters: JsonValue, submitted: JsonValue) -> JsonObject:
        """The parameters for one job."""
        asked: JsonObject = {}
        for name, path in self.ask.items():
            value = look(submitted, path)
            if value is None:
                value = look(parameters, path)
            if value is not None:
                asked[name] = [value] if name in self.as_list else value
        return asked


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of job: how it is asked for its state, and how it is stopped.

    `status` is where the answer has the state. `result` is what the task gets of it.
    """

    state: Question
    status: Path
    good: frozenset[str]
    bad: frozenset[str]
    stop: Question
    result: Path = ()


def _of(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _of_sagemaker(kind: str) -> Job:
    name: dict[str, Path] = {f"{kind}Name": (f"{kind}Name",)}
    return Job(
        Question(f"Describe{kind}", name),
        (f"{kind}Status",),
        _of("Completed"),
        _of("Failed Stopped"),
        Question(f"Stop{kind}", name),
    )


_EMR_SERVERLESS: dict[str, Path] = {
    "ApplicationId": ("ApplicationId",),
    "JobRunId": ("JobRunId",),
}
_EMR_CONTAINERS: dict[str, Path] = {"VirtualClusterId": ("VirtualClusterId",), "Id": ("Id",)}

JOBS: dict[tuple[str, str], Job] = {
    ("glue", "startJobRun"): Job(
        Question("GetJobRun", {"JobName": ("JobName",), "RunId": ("JobRunId",)}),
        ("JobRun", "JobRunState"),
        _of("SUCCEEDED"),
        _of("FAILED STOPPED TIMEOUT ERROR EXPIRED"),
        Question(
            "BatchStopJobRun",
            {"JobName": ("JobName",), "JobRunIds": ("JobRunId",)},
            _of("JobRunIds"),
        ),
        ("JobRun",),
    ),
    ("athena", "startQueryExecution"): Job(
        Question("GetQueryExecution", {"QueryExecutionId": ("QueryExecutionId",)}),
        ("QueryExecution", "Status", "State"),
        _of("SUCCEEDED"),
        _of("FAILED CANCELLED"),
        Question("StopQueryExecution", {"QueryExecutionId": ("QueryExecutionId",)}),
    ),
    ("batch", "submitJob"): Job(
        Question("DescribeJobs", {"Jobs": ("JobId",)}, _of("Jobs")),
        ("Jobs", 0, "Status"),
        _of("SUCCEEDED"),
        _of("FAILED"),
        # AWS wants a reason, which nobody reads: the name of the job says who it was.
        Question("TerminateJob", {"JobId": ("JobId",), "Reason": ("JobName",)}),
        ("Jobs", 0),
    ),
    ("ecs", "runTask"): Job(
        Question(
            "DescribeTasks",
            {"Cluster": ("Cluster",), "Tasks": ("Tasks", 0, "TaskArn")},
            _of("Tasks"),
        ),
        ("Tasks", 0, "LastStatus"),
        _of("STOPPED"),
        frozenset(),
        Question("StopTask", {"Cluster": ("Cluster",), "Task": ("Tasks", 0, "TaskArn")}),
        ("Tasks", 0),
    ),
    ("codebuild", "startBuild"): Job(
        Question("BatchGetBuilds", {"Ids": ("Build", "Id")}, _of("Ids")),
        ("Builds", 0, "BuildStatus"),
        _of("SUCCEEDED"),
        _of("FAILED FAULT TIMED_OUT STOPPED"),
        Question("StopBuild", {"Id": ("Build", "Id")}),
        ("Builds", 0),
    ),
    ("databrew", "startJobRun"): Job(
        Question("DescribeJobRun", {"Name": ("Name",), "RunId": ("RunId",)}),
        ("State",),
        _of("SUCCEEDED"),
        _of("FAILED STOPPED TIMEOUT"),
        Question("StopJobRun", {"Name": ("Name",), "RunId": ("RunId",)}),
    ),
    ("sagemaker", "createTrainingJob"): _of_sagemaker("TrainingJob"),
    ("sagemaker", "createProcessingJob"): _of_sagemaker("ProcessingJob"),
    ("sagemaker", "createTransformJob"): _of_sagemaker("TransformJob"),
    ("emr-serverless", "startJobRun"): Job(
        Question("GetJobRun", _EMR_SERVERLESS),
        ("JobRun", "State"),
        _of("SUCCESS"),
        _of("FAILED CANCELLED"),
        Question("CancelJobRun", _EMR_SERVERLESS),
        ("JobRun",),
    ),
    ("emr-containers", "startJobRun"): Job(
        Question("DescribeJobRun", _EMR_CONTAINERS),
        ("JobRun", "State"),
        _of("COMPLETED"),
        _of("FAILED CANCELLED"),
        Question("CancelJobRun", _EMR_CONTAINERS),
        ("JobRun",),
    ),
    ("elasticmapreduce", "addStep"): Job(
        Question("DescribeStep", {"ClusterId": ("ClusterId",), "StepId": ("StepId",)}),
        ("Step", "Status", "State"),
        _of("COMPLETED"),
        _of("FAILED CANCELLED INTERRUPTED"),
        Question(
            "CancelSteps",
            {"ClusterId": ("ClusterId",), "StepIds": ("StepId",)},
            _of("StepIds"),
        ),
    ),
    ("mediaconvert", "createJob"): Job(
        Question("GetJob", {"Id": ("Job", "Id")}),
        ("Job", "Status"),
        _of("COMPLETE"),
        _of("ERROR CANCELED"),
        Question("CancelJob", {"Id": ("Job", "Id")}),
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
