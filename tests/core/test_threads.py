"""One thread inside, as many as before outside."""

import pytest
import torch

from nanogpt_lib.process import one_thread


def fail_on_one_thread() -> None:
    assert torch.get_num_threads() == 1
    raise RuntimeError("inside")


def test_the_number_of_threads_comes_back_also_after_an_exception() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(RuntimeError, match="inside"), one_thread():
            fail_on_one_thread()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
