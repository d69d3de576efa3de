"""Training runs that were recorded, because they take too long to wait for.

| file | what lives there |
|---|---|
| `experiments` | which training runs are recorded, and what each set of them compares |
| `runs` | recorded runs, read from their files |
| `__main__` | the command `python -m nanogpt_lib.recorded`, which trains and records an experiment |
"""
