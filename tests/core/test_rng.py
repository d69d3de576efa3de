"""A generator of one's own rules everything random in its block, and the global stream rests."""

from unittest.mock import Mock

import pytest
import torch
from torch import nn

from helpers import global_stream_untouched, same_bits
from nanogpt_lib.rng import drawing_from


def test_inside_the_block_everything_random_comes_from_the_generator() -> None:
    """Also what takes no generator: initial weights, and the masks of dropout."""
    with drawing_from(torch.Generator().manual_seed(7)):
        mine = [nn.Linear(3, 2).weight.detach(), nn.Dropout(0.5)(torch.ones(9)), torch.randint(9, (4,))]
    torch.manual_seed(7)
    theirs = [nn.Linear(3, 2).weight.detach(), nn.Dropout(0.5)(torch.ones(9)), torch.randint(9, (4,))]
    same_bits(mine, theirs)


def test_outside_the_block_the_global_stream_has_not_moved() -> None:
    with global_stream_untouched(), drawing_from(torch.Generator().manual_seed(7)):
        torch.rand(5)


def test_the_generator_goes_on_where_the_block_left_it() -> None:
    mine, twin = torch.Generator().manual_seed(7), torch.Generator().manual_seed(7)
    with drawing_from(mine):
        first = torch.rand(3)
    with drawing_from(mine):
        second = torch.rand(3)
    third = torch.rand(3, generator=mine)
    same_bits([first, second, third], [torch.rand(3, generator=twin) for _ in range(3)])


def test_without_a_generator_the_block_draws_from_the_global_stream() -> None:
    torch.manual_seed(7)
    with drawing_from(None):
        inside = torch.rand(3)
    after = torch.rand(3)
    torch.manual_seed(7)
    same_bits(torch.cat([inside, after]), torch.rand(6))


def test_an_exception_leaves_both_streams_in_order() -> None:
    mine, twin = torch.Generator().manual_seed(7), torch.Generator().manual_seed(7)
    torch.rand(3, generator=twin)

    def failing() -> None:
        with drawing_from(mine):
            torch.rand(3)
            raise RuntimeError("on purpose")

    with global_stream_untouched(), pytest.raises(RuntimeError, match="on purpose"):
        failing()
    same_bits(torch.rand(3, generator=mine), torch.rand(3, generator=twin))


def test_a_generator_of_another_device_is_refused_with_the_way_out() -> None:
    on_gpu = Mock(spec=torch.Generator, device=torch.device("cuda", 0))  # a real one needs a GPU
    with pytest.raises(ValueError, match=r"got one on cuda:0.*torch\.Generator\(\)"), drawing_from(on_gpu):
        pass
