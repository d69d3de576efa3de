"""The widgets' JavaScript in node, for tests: as modules, whatever the version of node would guess.

Where there is no node, programs.py decides whether that is a failure.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import programs

ROOT = Path(__file__).resolve().parents[1]
WIDGETS = ROOT / "nanogpt_lib" / "widgets"
SECONDS = 60


def node(*arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    """What `node` with these arguments did."""
    program = programs.node() or programs.without("Node.js")
    # Output in JSON or TAP and without colours, whatever the terminal that runs pytest can do.
    env = os.environ | {"NO_COLOR": "1", "NODE_NO_WARNINGS": "1"}
    return subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=env,
        timeout=SECONDS,
    )


def as_modules(folder: Path) -> Path:
    """The folder, with the widgets' files and their tests in it, laid out as in the checkout."""
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    for part, pattern in (("nanogpt_lib/widgets", "*.js"), ("tests/widgets/js", "*.mjs")):
        (folder / part).mkdir(parents=True)
        for path in sorted((ROOT / part).glob(pattern)):
            shutil.copy(path, folder / part)
    return folder


def evaluate(folder: Path, module: str, expression: str, **values: object) -> object:
    """The value of a JavaScript expression over a widget's functions; `values` are its constants.

    folder: from `as_modules`.   module: the stem of a file in widgets/.
    Infinity is told as the text "Infinity", since JSON has no word for it.
    """
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    program = folder / "evaluated.mjs"  # a file, since a command line may not hold all the values
    program.write_text(
        f'import * as m from "./nanogpt_lib/widgets/{module}.js";\n{constants}'
        "const isOdd = (value) => typeof value === 'number' && !Number.isFinite(value);\n"
        "const said = (_, value) => (isOdd(value) ? String(value) : value);\n"
        f"process.stdout.write(JSON.stringify({expression}, said));",
        encoding="utf-8",
    )
    done = node(program.name, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
