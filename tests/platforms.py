"""What is known to break on Windows or macOS, found in the source of a program."""

import ast
import re
from collections.abc import Iterator

NOT_ON_WINDOWS = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
NOT_IN = {
    "os": {
        "chown",
        "fork",
        "forkpty",
        "getgid",
        "geteuid",
        "getloadavg",
        "getpgid",
        "getuid",
        "killpg",
        "mkfifo",
        "nice",
        "pread",
        "rename",  # raises on Windows where the new name exists; os.replace does the same on both
        "sched_getaffinity",  # neither on macOS
        "setsid",
        "statvfs",
        "symlink",  # needs a right on Windows that few users have
        "sysconf",
        "system",  # another shell
        "uname",
        "wait",
        "waitpid",
    },
    "signal": {
        "SIGALRM",
        "SIGCHLD",
        "SIGHUP",
        "SIGKILL",
        "SIGQUIT",
        "SIGUSR1",
        "SIGUSR2",
        "alarm",
        "pause",
        "pthread_kill",
        "pthread_sigmask",
        "setitimer",
        "sigwait",
    },
    "time": {"clock_gettime", "tzset"},
    "multiprocessing": {"Process", "Pool"},  # forks on Linux, and imports everything anew elsewhere
}
METHODS = {"rename": "Path.replace does the same everywhere", "symlink_to": "links need a right on Windows"}
OPTIONS = {
    "shell": "another shell",
    "preexec_fn": "only where there is fork",
    "start_new_session": "no sessions",
}
TEXT = {"open", "read_text", "write_text", "fdopen", "NamedTemporaryFile", "TemporaryFile", "TextIOWrapper"}
METHODS_OF_PATHS = {"read_text", "write_text"}
WRITES_BYTES_UNLESS_TOLD = {"NamedTemporaryFile", "TemporaryFile"}
PLACES = re.compile(r"(/tmp|/dev|/proc|/etc|/usr|/home|/var|~)(/|$)|[A-Z]:\\")
DATES = re.compile(r"%-[dHIjmMSUwWy]")  # a date without the leading zero, only in some C libraries


def breaks_elsewhere(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, what) for everything in a program that is known not to work on every system."""
    for node in ast.walk(ast.parse(source)):
        yield from ((node.lineno, what) for what in _said_of(node))


def _said_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [alias.name for alias in node.names]
        modules = names if isinstance(node, ast.Import) else [node.module or ""]
        yield from (module for module in modules if module.partition(".")[0] in NOT_ON_WINDOWS)
        if isinstance(node, ast.ImportFrom):
            yield from (
                f"{node.module}.{name}" for name in names if name in NOT_IN.get(node.module or "", ())
            )
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.attr in NOT_IN.get(node.value.id, ()):
            yield f"{node.value.id}.{node.attr}"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if PLACES.match(node.value):
            yield f"the place {node.value!r}"
        if DATES.search(node.value):
            yield f"the date {node.value!r}"
    elif isinstance(node, ast.Call):
        yield from _said_of_call(node)


def _said_of_call(node: ast.Call) -> Iterator[str]:
    told = {one.arg for one in node.keywords if one.arg}
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if isinstance(node.func, ast.Attribute) and called in METHODS and _owner(node) != "os":
        yield f".{called}(): {METHODS[called]}"
    for name in told & OPTIONS.keys():
        yield f"{name}=: {OPTIONS[name]}"
    if _opens_text(node, called) and "encoding" not in told and not _bytes_are_meant(node, called):
        yield f"{called}() without an encoding"
    if _value(node, "text") is True and "encoding" not in told:
        yield f"{called}(text=True) without an encoding"


def _opens_text(node: ast.Call, called: str) -> bool:
    """By its name; `read_text` of a path only, since a function of one's own may be called so.

    `os.open` opens bytes.
    """
    return (
        called in TEXT
        and _owner(node) != "os"
        and (called not in METHODS_OF_PATHS or isinstance(node.func, ast.Attribute))
    )


def _owner(node: ast.Call) -> str:
    return getattr(getattr(node.func, "value", None), "id", "")


def _value(node: ast.Call, name: str) -> object:
    """A keyword's value, where it is written out."""
    return next(
        (one.value.value for one in node.keywords if one.arg == name and isinstance(one.value, ast.Constant)),
        None,
    )


def _bytes_are_meant(node: ast.Call, called: str) -> bool:
    modes = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    modes += [mode for mode in [_value(node, "mode")] if isinstance(mode, str)]
    if called in METHODS_OF_PATHS:
        return False
    if called in WRITES_BYTES_UNLESS_TOLD:
        return not any(mode for mode in modes if re.fullmatch(r"[rwax+t]+", mode))
    return any(re.fullmatch(r"[rwax+]*b[rwax+]*", mode) for mode in modes)
