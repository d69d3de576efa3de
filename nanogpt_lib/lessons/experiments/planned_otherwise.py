"""Plans that are right but for one thing."""

from collections.abc import Callable


def planning(
    steps: Callable = lambda sizes, characters: [characters // (B * T) for B, T, _ in sizes],
    seeds: Callable = lambda minutes, times: int(minutes * 60 // sum(times)),
) -> Callable:
    """Return plan with steps(sizes, characters) or seeds(minutes, seconds of each variant's run)."""

    def plan(variants, characters, minutes):
        made = steps(variants.values(), characters)
        times = [n * seconds for n, (_, _, seconds) in zip(made, variants.values(), strict=True)]
        return made, seeds(minutes, times)

    return plan


def making(steps: Callable) -> Callable:
    """Return plan with steps(B, T, characters, number of variants)."""
    return planning(lambda sizes, characters: [steps(B, T, characters, len(sizes)) for B, T, _ in sizes])


def same_steps(choose: Callable) -> Callable:
    """Return plan with choose(all steps) for each variant."""
    return planning(
        lambda sizes, characters: [choose([characters // (B * T) for B, T, _ in sizes])] * len(sizes)
    )


def fitting(seeds: Callable) -> Callable:
    """Return plan with seeds(minutes, seconds of each variant's run)."""
    return planning(seeds=seeds)
