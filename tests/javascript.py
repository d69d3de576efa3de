"""The widgets' JavaScript in node, for tests.

Where there is no node, programs.py decides whether that is a failure.
"""

import json
import os
import subprocess
from pathlib import Path

import programs

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "nanogpt_lib"
SECONDS = 60


def node(*arguments: str, **options: str) -> subprocess.CompletedProcess:
    """Run `node` with these arguments in the root folder; `options` as for `subprocess.run`."""
    program = programs.node() or programs.without("Node.js 18 or newer")
    # Output in JSON or TAP and without colours, whatever the terminal that runs pytest can do.
    env = os.environ | {"NO_COLOR": "1", "NODE_NO_WARNINGS": "1"}
    return subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env=env,
        timeout=SECONDS,
        **options,
    )


def evaluate(module: str, expression: str, **values: object) -> object:
    """Return the value of a JavaScript expression over a module's functions; `values` are its constants.

    module: its path in nanogpt_lib, such as "widgets/bigram_map".
    Infinity is told as the text "Infinity", since JSON has no word for it.
    """
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    program = (
        f'import * as m from "./nanogpt_lib/{module}.js";\n{constants}'
        "const isOdd = (value) => typeof value === 'number' && !Number.isFinite(value);\n"
        "const said = (_, value) => (isOdd(value) ? String(value) : value);\n"
        f"process.stdout.write(JSON.stringify({expression}, said));"
    )
    done = node("--input-type=module", input=program)  # a command line may not hold all the values
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
