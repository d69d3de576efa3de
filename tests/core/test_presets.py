"""The named settings; every field is compared with the reference in test_reference.py."""

import pytest

from nanogpt_lib.presets import LADDER, PRESETS, preset


@pytest.mark.parametrize(
    ("name", "context", "layers", "steps"),
    [
        ("reference-baseline", 32, 4, 5_000),
        ("reference-longer", 32, 4, 10_000),
        ("reference-wider", 128, 4, 10_000),
        ("reference-deep", 256, 8, 20_000),
        ("shakespeare", 128, 4, 2_500),
        ("fast", 128, 4, 2_200),
        ("best-in-ten-minutes", 256, 4, 5_500),
    ],
)
def test_a_setting_is_found_by_its_name(name: str, context: int, layers: int, steps: int) -> None:
    """Two that had changed places would train another model than the one that was asked for."""
    model, config = preset(name)
    assert (model.block_size, model.n_layer, config.max_iters) == (context, layers, steps)


def test_an_unknown_name_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="got 'baseline'") as caught:
        preset("baseline")
    assert all(name in str(caught.value) for name in PRESETS)


def test_the_rungs_grow_in_order() -> None:
    work = [p.train.max_iters * p.train.batch_size * p.model.block_size for p in LADDER.values()]
    assert work == sorted(set(work))


def test_the_four_rungs_keep_the_slip_of_the_reference_and_can_look_inside() -> None:
    for chosen in LADDER.values():
        assert chosen.model.scale == chosen.model.n_embd**-0.5 != chosen.model.head_size**-0.5
        assert chosen.model.attention == "heads"
        assert chosen.train.seed == 1337
