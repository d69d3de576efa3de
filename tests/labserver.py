"""A real JupyterLab on 127.0.0.1, with a home directory of its own that is thrown away afterwards.

Nothing of the user's settings, kernels or workspaces is read or written. Should the test run be killed before
it can stop the server, the server ends by itself after a few idle minutes.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {
    # else a toast asks about news
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    # else cells come into the page bit by bit, when it has time, and every test has to wait for them
    "notebook-extension/tracker": {"windowingMode": "none"},
}
SECONDS_TO_START = 90
ADDRESS = re.compile(r"http://127\S+?/lab/tree/(\S+)\?token=(\w+)")
IDLE_SECONDS = 900  # an abandoned kernel, and then an abandoned server, end after this


def _environment(home: Path) -> dict[str, str]:
    """The user's environment, threads and all, with every folder that Jupyter writes to moved into `home`."""
    env = {key: value for key, value in os.environ.items() if key != "JUPYTER_NO_CONFIG"}  # "0" counts as set
    paths = [str(ROOT), *filter(None, [env.get("PYTHONPATH")])]
    return env | {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "run"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel `python3` is this interpreter's
        "PYTHONPATH": os.pathsep.join(paths),  # and `import nanogpt_lib` is this checkout's
    }


@contextlib.contextmanager
def lab_server(folder: Path) -> Iterator[str]:
    """The address of a JupyterLab that serves `folder`; it ends with the `with` block."""
    with tempfile.TemporaryDirectory(prefix="nanogpt-lab-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        for plugin, choices in SETTINGS.items():
            settings = home / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
            settings.parent.mkdir(parents=True)
            settings.write_text(json.dumps(choices))
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            "--port=0",
            "--IdentityProvider.token=",
            "--ServerApp.password=",
            f"--ServerApp.root_dir={folder}",
            f"--ServerApp.shutdown_no_activity_timeout={IDLE_SECONDS}",
            f"--MappingKernelManager.cull_idle_timeout={IDLE_SECONDS}",
            "--LabApp.expose_app_in_browser=True",  # window.jupyterapp, through which the tests give commands
            "--LabApp.extension_manager=readonly",  # the other one asks the network
        ]
        log = home / "log"
        with log.open("w") as sink:
            server = subprocess.Popen(
                command, env=_environment(home), stdout=sink, stderr=sink, start_new_session=True
            )
        try:
            yield _address(server, home, log)
        finally:
            stop(server)


def _address(server: subprocess.Popen, home: Path, log: Path) -> str:
    """Where the server listens, once it answers."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError, ValueError, StopIteration):
            url = json.loads(next((home / "run").glob("jpserver-*.json")).read_text())["url"]
            urllib.request.urlopen(url + "api/status", timeout=2).close()
            return url
        time.sleep(0.1)
    why = "ended at once" if server.poll() is not None else f"did not answer in {SECONDS_TO_START} s"
    raise TimeoutError(f"JupyterLab {why}; it said:\n{log.read_text()[-4000:]}")


def stop(server: subprocess.Popen) -> None:
    """Asks the server to end (it ends its kernels first), and insists if it does not."""
    for wish in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, wish)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(15)
            return


@contextlib.contextmanager
def opened_by_command(python: str | Path, *options: str, env: Mapping[str, str]) -> Iterator[re.Match[str]]:
    """What `python -m nanogpt_lib.lab` prints to whoever calls it: an address with its path and its token.

    `env` names a folder NANOGPT_WORK, so that nobody's own notebooks are touched.
    """
    server = subprocess.Popen(
        [str(python), "-m", "nanogpt_lib.lab", "--no-browser", "--port=0", "--ip=127.0.0.1", *options],
        cwd=ROOT,
        env=os.environ | dict(env) | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield next(filter(None, map(ADDRESS.search, iter(server.stdout.readline, ""))))
    finally:
        stop(server)
        server.stdout.close()
