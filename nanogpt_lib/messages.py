"""Say what was wrong with an input in one form: what was expected, what arrived, what to do."""

from numbers import Number

import torch

_SMALL = (str, bool, int, float, type(None))


def problem(expected: str, arrived: str, remedy: str) -> ValueError:
    """Return the `ValueError` to raise, with its three parts in the one order used everywhere.

    Example:
        >>> str(problem("block_size >= 1", "block_size=0", "Choose a positive block_size."))
        'Expected block_size >= 1, got block_size=0. Choose a positive block_size.'
    """
    return ValueError(f"Expected {expected}, got {arrived}. {remedy}")


def described(value: object) -> str:
    """Return what arrived in words short enough for a message.

    Example:
        >>> described("to be"), described([0] * 99), described(torch.zeros(2, 3)), described(torch.Tensor)
        ("'to be'", 'a list of 99', 'a tensor of shape (2, 3), float32', 'the class Tensor')
    """
    match value:
        case torch.Tensor():
            kind = "" if is_dense(value) else "sparse, nested or quantized "
            size = f" of shape {tuple(value.shape)}, {str(value.dtype)[6:]}" if not kind else ""
            return repr(value) if value.dim() == 0 and not kind else f"a {kind}tensor{size}"
        case int() if abs(value) >= 10**40:
            return f"a whole number of about {int(value.bit_length() * 0.30103)} digits"
        case str() | bytes():
            return repr(value) if len(value) <= 40 else f"{value[:20]!r}… of {len(value)}"
        case list() | tuple() if len(value) <= 4 and all(isinstance(item, _SMALL) for item in value):
            return repr(value) if len(repr(value)) <= 60 else f"a {type(value).__name__} of {len(value)}"
        case list() | tuple() | set() | frozenset() | dict():
            return f"a {type(value).__name__} of {len(value)}"
        case type():
            return f"the class {value.__name__}"
        case None | bool() | int() | float() | complex() | Number():
            return repr(value)
    size = f" of shape {getattr(value, 'shape', '?')}" if hasattr(value, "ndim") else ""
    return f"{'an' if type(value).__name__[0] in 'aeiouAEIO' else 'a'} {type(value).__name__}{size}"


def is_dense(value: torch.Tensor) -> bool:
    """Tell whether the tensor stores one plain number per element."""
    return value.layout == torch.strided and not value.is_nested and not value.is_quantized
