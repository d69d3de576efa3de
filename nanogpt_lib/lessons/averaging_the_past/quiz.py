"""Questions on averaging the past.

Taught in: averaging_the_past.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "Why is the future masked with minus infinity, and not with 0?",
        [
            Choice(
                "The exponential of minus infinity is exactly 0; that of a score of 0 is 1.",
                True,
                "A score of 0 is a fair bid for weight: row 0 gave 0.85 of its weight to the future.",
            ),
            Choice(
                "Minus infinity is faster to compute with.",
                False,
                "It costs the same. But a score of 0 still gets weight: 0.85 of it in row 0.",
            ),
            Choice(
                "A softmax does not accept zeros.",
                False,
                "It does, and gives them weight like any other score. That is the trouble.",
            ),
        ],
    ),
    Question(
        "The rows of your weights sum to 0.12, 0.37, 0.36 and so on. What went wrong?",
        [
            Choice(
                "The softmax ran along the wrong axis.",
                False,
                "Then some rows would sum to more than 1: the notebook saw 2.8 in the last one.",
            ),
            Choice(
                "Nothing: the sums of the rows do not matter.",
                False,
                "They do: a row that sums to 0.12 shrinks its output to an eighth, and each row by another factor.",
            ),
            Choice(
                "The mask was applied after the softmax.",
                True,
                "The softmax shared 1 among all positions; cutting the future afterwards leaves less than 1.",
            ),
        ],
    ),
    Question(
        "Loop and matrix product differ by less than one part in a million, yet `torch.allclose` with its defaults sometimes says False. Why?",
        [
            Choice(
                "One of the two is wrong.",
                False,
                "Both are right up to rounding. They add in another order, so the last digits differ.",
            ),
            Choice(
                "For a mean near 0, the default tolerance is smaller than the rounding error of the terms.",
                True,
                "Its tolerance shrinks with each value. Use rtol 1e-4 and atol 1e-6 for float32 sums of a few terms.",
            ),
            Choice(
                "The loop uses float64.",
                False,
                "Both use float32. The difference is the order of the additions.",
            ),
        ],
    ),
    Question(
        "The first seven positions are shuffled. What happens to the average at position 7?",
        [
            Choice(
                "It becomes the average of the shuffled positions, which is another number.",
                False,
                "It is the average of the same seven positions and itself, so the same number.",
            ),
            Choice(
                "It can no longer be computed, since causality is broken.",
                False,
                "All seven are still before position 7. The average is computed as ever.",
            ),
            Choice(
                "Nothing, up to rounding.",
                True,
                "A sum does not care for order. That is what position embeddings are for, in notebook 04.",
            ),
        ],
    ),
)
