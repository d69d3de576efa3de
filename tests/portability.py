"""Run the notebooks again on what other machines have, and compare with the stored outputs.

`make portability` takes every notebook, `make portability ARGS="05_scaling 11_sampling"` those named. A row
is one way to run them: the instructions that torch may use, the number of threads, and how Python orders its
sets.
With `--python PATH` another Python runs them, such as one that has the oldest torch of the range.
"""

import argparse
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
ASKED_OF_TORCH = "import torch; print(torch.backends.cpu.get_cpu_capability())"


def main(argv: list[str] | None = None) -> int:
    """Run them; the exit status says whether every output was as it is stored."""
    parser = argparse.ArgumentParser(description="Run the notebooks again on what other machines have.")
    parser.add_argument("names", nargs="*", help="notebooks, such as 05_scaling; none for all")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs them")
    options = parser.parse_args(argv)
    names = options.names or sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    failed = 0
    for way in ways(capabilities(options.python)):
        said = differs(options.python, names, way)
        failed += bool(said)
        print(
            f"{'DIFFERS' if said else 'as stored':10}",
            *(f"{key}={value}" for key, value in way.items()),
            flush=True,
        )
        if said:
            print(said, flush=True)
    return min(failed, 1)


def capabilities(python: str) -> list[str]:
    """The sets of instructions that torch has code for and this processor has, the plainest first."""
    found = []
    for name in ("default", "avx2", "avx512"):
        environment = os.environ | {"ATEN_CPU_CAPABILITY": name}
        done = subprocess.run(
            [python, "-c", ASKED_OF_TORCH], env=environment, capture_output=True, text=True, encoding="utf-8"
        )
        if done.stdout.strip().lower() == name and name not in found:
            found.append(name)
    return found


def ways(names: list[str]) -> list[dict[str, str]]:
    """Every set of instructions with one thread and two; each time Python orders its sets otherwise."""
    return [
        {"ATEN_CPU_CAPABILITY": name, "OMP_NUM_THREADS": threads, "PYTHONHASHSEED": str(seed)}
        for seed, (name, threads) in enumerate(product(names, ("1", "2")))
    ]


def differs(python: str, names: list[str], way: dict[str, str]) -> str:
    """What nbval says of the outputs that are not as stored; nothing where all are."""
    # As `make test` does it.
    command = [
        python,
        "-m",
        "pytest",
        "-q",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        "--nbval",
        "--nbval-current-env",
    ]
    command += ["--nbval-cell-timeout=600", "--nbval-sanitize-with=nbval-sanitize.cfg"]
    command += [str(NOTEBOOKS / f"{name}.ipynb") for name in names]
    here = {"PYTHONPATH": str(ROOT)}  # another Python need not have the library installed
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | here | way,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    return done.stdout[-6000:] + done.stderr[-1000:] if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
