"""Which cells a cell needs, in notebooks of a few words; test_browser_notebooks.py runs the real ones."""

import pytest

from slices import needed


@pytest.mark.parametrize(
    ("sources", "cells"),
    [
        (["a = 1", "b = 2", "show(a)"], [0, 2]),
        (["a = 1", "a = 2", "a"], [1, 2]),
        (["a = 1", "b = a", "a = 3", "b"], [0, 1, 3]),
        (["import torch", "x = 1", "def f(x): return torch.tensor(x)", "f(2)"], [0, 2, 3]),
        (["class A: n = 1", "class B(A): pass", "B().n"], [0, 1, 2]),
        (["x = 1", "x = 2; x + 1"], [1]),
        (["total = 0", "total += 1", "total"], [0, 1, 2]),
        (["data = 1", "def f(): return [data for _ in range(3)]", "f()"], [0, 1, 2]),
        (["%matplotlib inline\na = 1", "a"], [0, 1]),
        (["model = make()", "model.train()", "model"], [0, 2]),
    ],
    ids=[
        "what it reads",
        "the nearest that binds it",
        "as it was then",
        "not its own argument",
        "through two classes",
        "not what it binds itself",
        "what adds to it",
        "what a function reads",
        "a magic is no Python",
        "not what only changes it",
    ],
)
def test_a_cell_needs_what_binds_its_names(sources: list[str], cells: list[int]) -> None:
    assert needed(sources, [len(sources) - 1]) == cells
