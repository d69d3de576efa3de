"""Training runs that were recorded, because they take too long to wait for.

| file | what lives there |
|---|---|
| `experiments` | which training runs are recorded, and what each set of them compares |
| `runs` | recorded runs, read from their files |
| `recipe` | the changes that make the preset `fast`: one on top of the other, and in every combination |
| `evaluators` | what an evaluation may remember: a table of losses, and the command that measures it |
| `__main__` | the command `python -m nanogpt_lib.recorded`, which trains and records an experiment |
"""
