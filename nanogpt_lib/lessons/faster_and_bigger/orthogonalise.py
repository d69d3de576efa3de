"""Make all directions of an update equally long, and leave the directions as they are."""

from collections.abc import Callable

import torch

from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.faster_and_bigger.directions import Turned, to_turn, turned

ex = Exercise(
    prompt="Write orthogonalise(update): for a matrix (rows, columns) of any shape return one with the same directions, each of length about 1 (singular values between 0.65 and 1.35). What has no length stays without one: a row of zeros stays zeros, and so does a matrix of zeros. Use the singular values or matrix products alone.",
    hints=(
        "update = U S V^T: U and V hold the directions, S their lengths. What should stand in place of S?",
        "Where S is 0 the update says nothing, and U V^T would make up a direction. By products alone: divide by the norm of the whole matrix, then replace X by 1.5 X - 0.5 X X^T X some twenty times.",
        "U, S, Vh = torch.linalg.svd(update, full_matrices=False); keep = (S > 1e-4 * S.max()).float(); U @ torch.diag(keep) @ Vh. For zeros, S.max() is 0: compare with >.",
    ),
    inputs=to_turn,
    run=turned,
    see=Turned,
    note="Every direction now counts alike: one that was seen rarely moves the weights as far as one that is seen in every batch.",
    atol=0.03,
)


@ex.right
def orthogonalise(update: torch.Tensor) -> torch.Tensor:
    U, S, Vh = torch.linalg.svd(update, full_matrices=False)
    has_length = (S > 1e-4 * S.max()).to(U.dtype)  # a direction without length is no direction
    return U @ torch.diag(has_length) @ Vh


@ex.also_right
def turned_by_products(update):
    X = update / (update.norm() + 1e-12)
    for _ in range(25):
        X = 1.5 * X - 0.5 * X @ X.mT @ X
    return X


@ex.also_right
def turned_by_a_quintic(update):
    a, b, c = 3.4445, -4.7750, 2.0315
    X = (update.mT if len(update) > update.shape[1] else update).double()
    X = X / max(X.norm(), 1e-9)
    for _ in range(6):
        A = X @ X.mT
        X = a * X + (b * A + c * A @ A) @ X
    return X.mT if len(update) > update.shape[1] else X


@ex.also_right
def turned_by_an_inverse_root(update):
    values, vectors = torch.linalg.eigh(update.double() @ update.double().mT)
    inverse = torch.where(values > 1e-8 * values.max(), values.clamp(min=1e-30).rsqrt(), 0.0)
    return vectors @ torch.diag(inverse) @ vectors.mT @ update.double()


def products(steps: int, start: Callable = lambda X: X / (X.norm() + 1e-12)) -> Callable:
    def answer(update):
        X = start(update)
        for _ in range(steps):
            X = 1.5 * X - 0.5 * X @ X.mT @ X
        return X

    return answer


def decomposed(update: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return torch.linalg.svd(update, full_matrices=False)


ex.mistake(
    "a direction is made up",
    "The update has {wanted} directions with a length, and yours has {count}. Where a singular value is 0 the decomposition still names a direction, an accidental one; a step along it moves what nobody asked to move.",
    lambda update: (lambda U, S, Vh: U @ Vh)(*decomposed(update)),
)
ex.mistake(
    "divided by the norm of the whole",
    "{lengths}: all were divided by one number, so they are as unequal as before.",
    lambda update: update / update.norm().clamp(min=1e-12),
    lambda update: torch.nn.functional.normalize(update.flatten(), dim=0).view_as(update),
)
ex.mistake(
    "divided by the longest",
    "{lengths}: the longest is 1 now, and the others are as much shorter as before.",
    lambda update: update / torch.linalg.matrix_norm(update, 2).clamp(min=1e-12),
)
ex.mistake(
    "nothing is changed",
    "{lengths}. You put the same matrix together again: what should stand in place of S?",
    lambda update: update,
    lambda update: (lambda U, S, Vh: U @ torch.diag(S) @ Vh)(*decomposed(update)),
)
ex.mistake(
    "the sign of every number",
    "{lengths}, and {same}. The sign makes the single numbers equally large, as Adam nearly does. A direction lies across all rows and columns.",
    torch.sign,
)
ex.mistake(
    "the rows are made equally long",
    "{lengths}. You made every row of length 1. Rows may still point nearly the same way, and then their common direction stays the longest.",
    lambda update: torch.nn.functional.normalize(update, dim=1),
)
ex.mistake(
    "the columns are made equally long",
    "{lengths}. You made every column of length 1. Columns may still point nearly the same way, and then their common direction stays the longest.",
    lambda update: torch.nn.functional.normalize(update, dim=0),
)
ex.mistake(
    "too few products",
    "{lengths}: on the way to 1, and not there. The short ones grow by half in each round; one of 0.02 needs some fifteen.",
    *(products(steps) for steps in (1, 2, 3, 5)),
)
ex.mistake(
    "not divided before the products",
    "{came}. The rounds only come to 1 from lengths below the root of 3, and here some are above. Divide by the norm of the whole matrix first.",
    products(25, start=lambda X: X),
)
ex.mistake(
    "zeros are divided by zero",
    "{bad} The update was all zeros there, and so was the number that you divide by. Add something tiny to it.",
    products(25, start=lambda X: X / X.norm()),
)
ex.mistake(
    "other directions, by a QR decomposition",
    "{lengths}, but {same}. Q has directions of length 1 that stand on each other; they are not those of the update.",
    lambda update: (
        torch.linalg.qr(update).Q if len(update) >= update.shape[1] else torch.linalg.qr(update.mT).Q.mT
    ),
)
ex.mistake(
    "V is not transposed back",
    "{lengths}, but {same}. torch.linalg.svd returns V^T already: U @ Vh, without turning it.",
    lambda update: (lambda U, S, Vh: U @ torch.diag((S > 1e-4 * S.max()).float()) @ Vh.mT)(
        *decomposed(update)
    ),
    when=lambda case: case.error is None,
)
