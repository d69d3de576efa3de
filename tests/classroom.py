"""A classroom on this machine: JupyterHub, several learners, and one notebook that all of them run at once.

    python tests/classroom.py --learners 1 2 4 8 --notebook 04

It needs JupyterHub and its proxy, which the project does not install: `pip install jupyterhub` into the same
environment, and `npm install -g configurable-http-proxy`. Everything listens on 127.0.0.1 alone and lives in
a folder that is thrown away. Every learner gets a server and a folder of their own, as JupyterHub's simple
spawner makes them; the notebook is run cell by cell through the Hub's own address and saved there.

For each number of learners it prints a row: the seconds until all servers answered, the seconds of Run All
(fastest, median, slowest), the largest memory of one learner (what several processes share is divided among
them), and how many notebooks were found whole afterwards.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import websocket

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 600  # seconds for a cell, or for a server to start
CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{ports[1]}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.ConfigurableHTTPProxy.command = {proxy!r}
c.JupyterHub.cookie_secret = bytes.fromhex("{secret}")
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {environment!r}
c.Spawner.http_timeout = c.Spawner.start_timeout = {patience}
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.log_level = "WARN"
c.JupyterHub.services = [{{"name": "teacher", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [{{
    "name": "teacher", "services": ["teacher"],
    "scopes": ["admin:users", "admin:servers", "access:servers", "list:users"],
}}]
"""


@dataclass(frozen=True)
class Hub:
    """A JupyterHub that runs: where it answers, the teacher's token, the folder of all learners."""

    address: str
    token: str
    folder: Path

    def ask(self, path: str, method: str = "GET", content: object = None) -> Any:
        """Return what the Hub, or a learner's server behind it, answers; None for an empty answer."""
        request = urllib.request.Request(
            self.address + path,
            method=method,
            data=None if content is None else json.dumps(content).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def running_hub() -> Iterator[Hub]:
    """Start a JupyterHub in a folder of its own; it ends with the block, and so do its learners' servers."""
    proxy = shutil.which("configurable-http-proxy")
    if proxy is None:
        sys.exit("classroom: configurable-http-proxy is missing; npm install -g configurable-http-proxy")
    with tempfile.TemporaryDirectory(prefix="nanogpt-classroom-", ignore_cleanup_errors=True) as name:
        folder, ports, token = Path(name), _free_ports(3), secrets.token_hex(16)
        config = folder / "config.py"
        config.write_text(
            CONFIG.format(
                ports=ports,
                proxy=[proxy],
                secret=secrets.token_hex(32),
                folder=folder,
                python=sys.executable,
                environment={"PYTHONPATH": str(ROOT), "JUPYTER_PREFER_ENV_PATH": "1"},
                patience=PATIENCE,
                token=token,
            ),
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
        hub = Hub(f"http://127.0.0.1:{ports[0]}", token, folder)
        with (
            (folder / "hub.log").open("w", encoding="utf-8") as log,
            subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as process,
        ):
            try:
                _until(lambda: hub.ask("/hub/api/") is not None)
                yield hub
            finally:
                for child in psutil.Process(process.pid).children(recursive=True):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        child.terminate()
                process.terminate()


def _until(happens: Any) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            if happens():
                return
        time.sleep(0.2)
    raise TimeoutError(f"nothing within {PATIENCE} seconds")


def seat(hub: Hub, learner: str, notebook: Path) -> None:
    """Give a learner a folder with a copy of the notebooks and the data, and start their server."""
    home = hub.folder / learner
    (home / "notebooks").mkdir(parents=True)
    shutil.copy(notebook, home / "notebooks")
    (home / "data").symlink_to(ROOT / "data")
    hub.ask(f"/hub/api/users/{learner}", "POST")
    with contextlib.suppress(urllib.error.HTTPError):  # 202 is fine, and what is not shows in the wait
        hub.ask(f"/hub/api/users/{learner}/server", "POST")
    _until(lambda: hub.ask(f"/hub/api/users/{learner}")["servers"].get("", {}).get("ready"))


def run_all(hub: Hub, learner: str, notebook: str) -> float:
    """Open the notebook as JupyterLab does, run all its cells and save it; return the seconds of the run.

    Raises:  AssertionError: a cell failed that is not meant to.
    """
    server, path = f"/user/{learner}", f"notebooks/{notebook}"
    content = hub.ask(f"{server}/api/contents/{path}")["content"]
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    started = time.monotonic()
    session = hub.ask(
        f"{server}/api/sessions",
        "POST",
        {"path": path, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}},
    )
    address = (
        hub.address.replace("http", "ws", 1) + f"{server}/api/kernels/{session['kernel']['id']}/channels"
    )
    line = websocket.create_connection(
        address, header=[f"Authorization: token {hub.token}"], timeout=PATIENCE, max_size=None
    )
    try:
        for cell in content["cells"]:
            if cell["cell_type"] == "code" and "".join(cell["source"]).strip():
                execute(line, cell)
    finally:
        line.close()
    seconds = time.monotonic() - started
    hub.ask(
        f"{server}/api/contents/{path}", "PUT", {"type": "notebook", "format": "json", "content": content}
    )
    return seconds


def execute(line: websocket.WebSocket, cell: dict[str, Any]) -> None:
    """Run one cell in the learner's kernel, and put its outputs into it."""
    number = uuid.uuid4().hex
    header = {
        "msg_id": number,
        "msg_type": "execute_request",
        "username": "",
        "session": "",
        "version": "5.3",
    }
    code = {"code": "".join(cell["source"]), "silent": False, "store_history": True, "stop_on_error": False}
    line.send(
        json.dumps(
            {"header": header, "parent_header": {}, "metadata": {}, "content": code, "channel": "shell"}
        )
    )
    idle = replied = False
    while not (idle and replied):
        received = line.recv()
        if isinstance(received, bytes):  # a widget's arrays, which a page would draw
            continue
        message = json.loads(received)
        if message["parent_header"].get("msg_id") != number:
            continue
        kind, content = message["msg_type"], message["content"]
        idle = idle or (kind == "status" and content["execution_state"] == "idle")
        if kind == "execute_reply":
            replied = True
            cell["execution_count"] = content["execution_count"]
        elif kind in ("stream", "display_data", "execute_result", "error"):
            cell["outputs"].append(
                {"output_type": kind, **{k: v for k, v in content.items() if k != "transient"}}
            )
        meant = "raises-exception" in cell["metadata"].get("tags", [])
        assert kind != "error" or meant, f"{''.join(cell['source'])[:60]!r}: {content['evalue']}"


def memory_of(hub: Hub) -> list[float]:
    """Return each learner's memory in MB: server and kernel, what processes share divided among them."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if "jupyterhub.singleuser" in (process.info["cmdline"] or []) and str(hub.folder) in process.cwd():
            family = [process, *process.children(recursive=True)]
            found.append(sum(one.memory_full_info().pss for one in family) / 1e6)
    return found


def lesson(hub: Hub, count: int, notebook: Path) -> str:
    """Seat so many learners, let all of them run the notebook at once, and return the row to print."""
    learners = [f"learner-{count}-{at}" for at in range(count)]
    with ThreadPoolExecutor(count) as pool:
        started = time.monotonic()
        list(pool.map(lambda learner: seat(hub, learner, notebook), learners))
        seated = time.monotonic() - started
        seconds = list(pool.map(lambda learner: run_all(hub, learner, notebook.name), learners))
    memory = memory_of(hub)
    whole = 0
    for learner in learners:
        kept = json.loads((hub.folder / learner / "notebooks" / notebook.name).read_text(encoding="utf-8"))
        counts = [cell["execution_count"] for cell in kept["cells"] if cell["cell_type"] == "code"]
        ran = [one for one in counts if one is not None]
        whole += bool(ran) and ran == list(range(1, len(ran) + 1))
        hub.ask(f"/hub/api/users/{learner}/server", "DELETE")
    return (
        f"{count:8}{seated:16.0f}{min(seconds):10.0f}{statistics.median(seconds):8.0f}{max(seconds):9.0f}"
        f"{max(memory):16.0f}{whole:8}"
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python tests/classroom.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("--learners", type=int, nargs="+", default=[1, 2, 4, 8], help="how many at once")
    parser.add_argument("--notebook", default="04", help="the beginning of its name")
    options = parser.parse_args()
    (notebook,) = (ROOT / "notebooks").glob(f"{options.notebook}*.ipynb")
    cores, total = os.cpu_count(), psutil.virtual_memory().total / 1e9
    print(f"{notebook.name}; {cores} cores, {total:.0f} GB, load {os.getloadavg()[0]:.1f} before it began")
    print("learners  servers (s)  Run All (s): fastest  median  slowest  memory each (MB)  whole", flush=True)
    with running_hub() as hub:
        for count in options.learners:
            print(lesson(hub, count, notebook), flush=True)


if __name__ == "__main__":
    main()
