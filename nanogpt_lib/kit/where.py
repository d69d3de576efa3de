"""Say on which inputs an answer is wrong, or that it gives the same on all of them."""

from nanogpt_lib.kit.relations import RELATED

FEW = 4  # inputs, at least: of fewer nothing follows


def the_same_everywhere(gots: list, wants: list, sizes: list[dict[str, int]]) -> str:
    """Return what one number an answer gives on every input, in words; nothing where it does not.

    Args:    gots, wants: of every input, right or wrong.   sizes: of the same inputs, by name.
    Example:
        >>> the_same_everywhere([0.0] * 4, [1.0, 2.0, 0.0, 1.0], [{}] * 4)
        'Yours is 0 on every input, whatever comes in.'
        >>> sizes = [{"x.shape[0]": n} for n in (3, 5, 4, 6)]
        >>> the_same_everywhere([2.0, 4.0, 3.0, 5.0], [1.0, 2.0, 0.0, 3.0], sizes)
        'Yours is the last place, x.shape[0] - 1, on every input, whatever comes in.'
    """
    if len(gots) < FEW or len(set(wants)) < 3:
        return ""
    if len(set(gots)) == 1:
        return f"{RELATED}{gots[0]:.6g} on every input, whatever comes in."
    if not all(value == round(value) for value in (*gots, *wants)):
        return ""
    for name in sizes[0]:
        lengths = [size.get(name, 0) for size in sizes]
        if all(got == length - 1 for got, length in zip(gots, lengths, strict=True)):
            return f"{RELATED}the last place, {name} - 1, on every input, whatever comes in."
        if all(got == length - 1 - want for got, want, length in zip(gots, wants, lengths, strict=True)):
            return f"{RELATED}the right place counted from the other end: {name} - 1 minus the right result."
    return ""


def only_where(settings: list[dict[str, float]], wrong: list[bool]) -> str:
    """Return what all inputs on which an answer is wrong have in common, and no other has.

    Args:    settings: of every input, by name.   wrong: for the same inputs.
    Example:
        >>> only_where([{"p": 0.5}, {"p": 0.0}, {"p": 0.7}, {"p": 0.0}], [False, True, False, True])
        'It is wrong only where p is 0; the other 2 inputs are right.'
    """
    right = wrong.count(False)
    if len(wrong) < FEW or right < 2:
        return ""
    found = []
    for name in settings[0]:
        if not all(name in one for one in settings):
            continue
        bad = [one[name] for one, is_wrong in zip(settings, wrong, strict=True) if is_wrong]
        good = {one[name] for one, is_wrong in zip(settings, wrong, strict=True) if not is_wrong}
        if len(bad) > 1 and len(set(bad)) == 1 and bad[0] not in good:
            found.append(f"{name} is {bad[0]:g}")
    if len(found) != 1:
        return ""
    return f"It is wrong only where {found[0]}; the other {right} inputs are right."


def settings(args: tuple, names: tuple[str, ...]) -> dict[str, float]:
    """Return the numbers among the arguments, by name.

    Example:
        >>> settings(([2, 3], 0.5, True), ("x", "p", "training"))
        {'p': 0.5}
    """
    return {
        name: value
        for name, value in zip(names, args, strict=False)
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
