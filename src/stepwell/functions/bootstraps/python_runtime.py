"""Runs a Python handler: asks Lambda's Runtime API for events, and answers.

It is started as a script by the function's own interpreter (3.8 or newer) and imports little, since
everything here is paid for at each cold start. Only plain functions, no module of Stepwell.

    sys.path         the task's folder, PYTHONPATH (layers, boto3), the standard library
    documents        errors as AWS's Python runtime gives them
    log              one line per entry; a line break within one is a carriage return
"""

from __future__ import annotations

import _socket
import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # The real one costs a cold start some milliseconds.
    from collections.abc import Callable
    from typing import Any

RUNTIME = "/2018-06-01/runtime/"
RECEIVE_BYTES = 65536
BREAK, INDENT = "\r", "\u00a0"


class Fault(Exception):
    """The handler could not be found, or what it got or gave is not JSON."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind, self.message, self.trace = kind, message, trace


class RuntimeApi:
    """One connection, kept open: requests out, answers in."""

    def __init__(self, address: str) -> None:
        host, _, port = address.partition(":")
        self.host = address
        self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)

    def call(
        self, method: str, path: str, body: bytes = b"", kind: str | None = None
    ) -> tuple[dict[str, str], bytes]:
        """The answer's headers, names in small letters, and its body."""
        head = f"{method} {RUNTIME}{path} HTTP/1.1\r\nHost: {self.host}\r\n"
        if method == "POST":
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        if kind is not None:
            head += f"Lambda-Runtime-Function-Error-Type: {kind}\r\n"
        self.socket.sendall(head.encode("ascii", "replace") + b"\r\n" + body)
        return self.receive()

    def receive(self) -> tuple[dict[str, str], bytes]:
        """One answer; the process ends when the server is gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.some()
        head, _, body = data.partition(b"\r\n\r\n")
        headers = {}
        for line in head.decode("utf-8").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        parts, missing = [body], int(headers["content-length"]) - len(body)
        while missing > 0:
            parts.append(self.some())
            missing -= len(parts[-1])
        return headers, b"".join(parts)

    def some(self) -> bytes:
        """Some bytes."""
        data = self.socket.recv(RECEIVE_BYTES)
        if not data:
            os._exit(0)
        return data


class Values:
    """An object with the members that AWS's documentation lists."""

    def __init__(self, **members: Any) -> None:
        self.__dict__.update(members)

    def __repr__(self) -> str:
        members = ",".join(f"{name}={value}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}([{members}])"


class CognitoIdentity(Values):
    """Who called through Cognito: nobody."""


class Client(Values):
    """The application behind a mobile call."""


class ClientContext(Values):
    """What the caller gave as client context."""


CLIENT = (
    "installation_id",
    "app_title",
    "app_version_name",
    "app_version_code",
    "app_package_name",
)


class LambdaContext(Values):
    """The second argument of a handler."""

    _epoch_deadline_time_in_ms: int

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is ended."""
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def log(self, message: object) -> None:
        """Write to the log."""
        sys.stdout.write(str(message))


def make_context(headers: dict[str, str]) -> LambdaContext:
    """The context of one invocation."""
    environment = os.environ.get
    return LambdaContext(
        aws_request_id=headers["lambda-runtime-aws-request-id"],
        log_group_name=environment("AWS_LAMBDA_LOG_GROUP_NAME"),
        log_stream_name=environment("AWS_LAMBDA_LOG_STREAM_NAME"),
        function_name=environment("AWS_LAMBDA_FUNCTION_NAME"),
        memory_limit_in_mb=environment("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        function_version=environment("AWS_LAMBDA_FUNCTION_VERSION"),
        invoked_function_arn=headers.get("lambda-runtime-invoked-function-arn"),
        tenant_id=None,
        client_context=client_context(headers.get("lambda-runtime-client-context")),
        identity=CognitoIdentity(cognito_identity_id=None, cognito_identity_pool_id=None),
        _epoch_deadline_time_in_ms=int(headers["lambda-runtime-deadline-ms"]),
    )


def client_context(text: str | None) -> ClientContext | None:
    """The client context as an object, or None."""
    if not text:
        return None
    try:
        given = json.loads(text)
        client = given.get("client")
    except Exception as error:
        message = f"Unable to parse Client Context JSON: {error}"
        raise Fault("Runtime.LambdaContextUnmarshalError", message) from None
    if client is not None:
        client = Client(**{name: client.get(name) for name in CLIENT})
    return ClientContext(custom=given.get("custom"), env=given.get("env"), client=client)


def find_handler(name: str) -> Callable[[Any, Any], Any]:
    """The handler's function."""
    module_name, dot, function = name.rpartition(".")
    if not dot:
        message = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", message)
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise Fault("Runtime.BuiltInModuleConflict", message)
    import importlib

    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise Fault("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        place = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        message = f"Syntax error in module '{module_name}': {error}"
        raise Fault("Runtime.UserCodeSyntaxError", message, [place]) from error
    try:
        found: Callable[[Any, Any], Any] = getattr(module, function)
    except AttributeError:
        message = f"Handler '{function}' missing on module '{module_name}'"
        raise Fault("Runtime.HandlerNotFound", message) from None
    return found


class Encoder(json.JSONEncoder):
    """JSON as AWS's runtime writes it: decimals are numbers."""

    def __init__(self) -> None:
        version = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("python3.")[2]
        super().__init__(ensure_ascii=not (version.isdigit() and int(version) >= 12))
        self.decimals: dict[str, str] = {}

    def default(self, value: Any) -> Any:
        """A decimal becomes a mark, which `text` replaces with its digits."""
        import decimal

        if not isinstance(value, decimal.Decimal):
            return super().default(value)
        if value.is_nan():
            return float("nan")
        mark = f"decimal-{os.urandom(16).hex()}"
        self.decimals[mark] = str(value)
        return mark

    def text(self, value: object) -> str:
        """The JSON text."""
        text = self.encode(value)
        for mark, digits in self.decimals.items():
            text = text.replace(f'"{mark}"', digits)
        return text


def to_bytes(value: object) -> bytes:
    """A handler's result as it goes out."""
    if isinstance(value, bytes):
        return value
    try:
        return Encoder().text(value).encode("utf-8", "surrogatepass")
    except Exception as error:
        message = f"Unable to marshal response: {error}"
        raise Fault("Runtime.MarshalError", message) from None


def document_of(error: BaseException, request_id: str) -> dict[str, Any]:
    """The error document: a fault's own words, or the exception with the frames of the user."""
    if isinstance(error, Fault):
        kind, message, trace = error.kind, error.message, error.trace or []
    else:
        import traceback

        frames = [tuple(frame)[:4] for frame in traceback.extract_tb(error.__traceback__)]
        while len(frames) > 1 and frames[0][0] == __file__:
            del frames[0]
        kind, message, trace = type(error).__name__, str(error), traceback.format_list(frames)
    return {
        "errorMessage": message,
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": trace,
    }


def log_error(document: dict[str, Any]) -> None:
    """The error as AWS's runtime writes it into the log."""
    lines = [f"[ERROR] {document['errorType']}: {document['errorMessage']}".rstrip(": ")]
    lines.append("Traceback (most recent call last):")
    for entry in document["stackTrace"]:
        for line in entry.splitlines():
            bare = line.lstrip(" ")
            lines.append(INDENT * (len(line) - len(bare)) + bare)
    sys.stdout.write(BREAK.join(lines).replace("\n", BREAK) + "\n")


def send_error(api: RuntimeApi, path: str, error: BaseException, request_id: str) -> None:
    """Log the error and report it."""
    document = document_of(error, request_id)
    log_error(document)
    body = Encoder().text(document).encode("utf-8", "replace")
    kind = document["errorType"].encode("ascii", "replace").decode()
    api.call("POST", path, body, kind)


current = {"id": ""}
"""The request in hand, for the log."""


def set_up_logging() -> None:
    """The root logger writes in AWS's format, at WARNING unless the function says otherwise."""
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = self.format(record).replace("\n", BREAK)
            sys.stdout.write(text + "\n")

    class RequestId(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            record.aws_request_id = current["id"]
            return True

    logging.Formatter.converter = time.gmtime
    handler = Handler()
    form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    handler.setFormatter(logging.Formatter(form, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(RequestId())
    root = logging.getLogger()
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper().replace("TRACE", "DEBUG")
    if level in ("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL"):
        root.setLevel(level)
    root.addHandler(handler)


class Redirect:
    """Changes botocore as it is imported, so that its clients find home."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Sees imports; in the one of botocore's sessions it has a hand."""
        if name != "botocore.session":
            return None
        sys.meta_path.remove(self)
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path, target)
        if spec is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def exec_module(module: Any) -> None:
                execute(module)
                module.Session.create_client = at_home(module.Session.create_client)

            loader.exec_module = exec_module
        return spec


def at_home(create_client: Callable[..., Any]) -> Callable[..., Any]:
    """`Session.create_client`, led home where no endpoint is given.

    Before 1.31 AWS_ENDPOINT_URL was not known. No version must write a prefix before the host's
    name (`sync-localhost`): home has one name.
    """

    def create(self: object, *given: Any, **named: Any) -> Any:
        home = os.environ.get("AWS_ENDPOINT_URL")
        if len(given) < 6 and home and named.get("endpoint_url") is None:
            version = sys.modules["botocore"].__version__.split(".")
            if (int(version[0]), int(version[1])) < (1, 31):
                named["endpoint_url"] = home
            bare = sys.modules["botocore.config"].Config(inject_host_prefix=False)
            config = named.get("config")
            named["config"] = bare if config is None else config.merge(bare)
        return create_client(self, *given, **named)

    return create


def bound_memory(limit: int) -> None:
    """More memory of its own than that is refused by the system: MemoryError."""
    import resource

    # Linux counts what is really private; address space would count what libraries only reserve.
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    resource.setrlimit(kind, (limit, limit))


def prepare() -> None:
    """Make the process look like one of Lambda's to the function."""
    task = os.environ["LAMBDA_TASK_ROOT"]
    sys.path[0] = task
    prefix = os.environ.pop("_STEPWELL_PYCACHE", None)
    if prefix:
        sys.pycache_prefix = prefix
    if sys.flags.no_site:
        import site

        site.setquit()
        site.setcopyright()
        site.sethelper()
    sys.argv = ["/var/runtime/bootstrap.py"]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(  # type: ignore[union-attr]
            encoding="utf-8", errors="backslashreplace", line_buffering=True, write_through=True
        )
    limit = os.environ.pop("_STEPWELL_MEMORY_BYTES", None)
    if limit:
        bound_memory(int(limit))
    sys.meta_path.insert(0, Redirect())


def serve(api: RuntimeApi, handler: Callable[[Any, Any], Any]) -> None:
    """Event after event, for ever."""
    while True:
        headers, body = api.call("GET", "invocation/next")
        request_id = current["id"] = headers["lambda-runtime-aws-request-id"]
        trace = headers.get("lambda-runtime-trace-id")
        if trace:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            context = make_context(headers)
            try:
                event = json.loads(body)
            except Exception as error:
                message = f"Unable to unmarshal input: {error}"
                raise Fault("Runtime.UnmarshalError", message) from None
            result = to_bytes(handler(event, context))
        except Exception as error:
            send_error(api, f"invocation/{request_id}/error", error, request_id)
        else:
            api.call("POST", f"invocation/{request_id}/response", result)
        sys.stdout.flush()


def main() -> None:
    """Load the handler, then serve."""
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    prepare()
    set_up_logging()
    try:
        handler = find_handler(os.environ["_HANDLER"])
    except Exception as error:
        send_error(api, "init/error", error, "")
        sys.exit(1)
    serve(api, handler)


if __name__ == "__main__":
    main()
