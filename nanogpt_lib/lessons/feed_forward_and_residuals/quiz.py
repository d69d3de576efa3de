"""Questions on feed-forward layers, residual connections and depth.

Taught in: feed_forward_and_residuals.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "Which part of a block moves information from one position to another?",
        [
            Choice(
                "The feed-forward layer.",
                False,
                "It treats each position alone: changing position 2 moved its output at position 2 only.",
            ),
            Choice(
                "Attention.",
                True,
                "Positions communicate by attention; afterwards each computes for itself.",
            ),
            Choice(
                "The bypass.",
                False,
                "It hands every position's own stream on, unchanged, and nothing to its neighbours.",
            ),
        ],
    ),
    Question(
        "A feed-forward layer without its ReLU: 64 numbers become 256, then 64 again. What has the width bought?",
        [
            Choice(
                "Four times as many things to test for.",
                False,
                "A test needs the bend of the ReLU. Without it the detectors are mere sums.",
            ),
            Choice(
                "A better loss.",
                False,
                "On two characters it reached 2.45, and nothing at all in the middle 2.39.",
            ),
            Choice(
                "Nothing: one matrix of 64 × 64 does the same.",
                True,
                "A product of matrices is a matrix. Section 2 found the two equal up to rounding.",
            ),
        ],
    ),
    Question(
        "A gradient arrives at the plus sign of x + f(x). What is passed on?",
        [
            Choice(
                "The whole gradient, to x and to f(x) alike.",
                True,
                "The derivative of a sum is 1 for each of its parts. So one route always arrives whole.",
            ),
            Choice(
                "Half of it to each.",
                False,
                "A sum does not share its gradient out: 3 arrived, and 3 went to either side.",
            ),
            Choice(
                "All of it to f(x), since x has no weights.",
                False,
                "x was made by earlier layers, and they need the gradient as much.",
            ),
        ],
    ),
    Question(
        "Why does GPT-2 shrink the first weights of its writers by 1/√N?",
        [
            Choice(
                "So that the gradient does not vanish.",
                False,
                "The bypass sees to that. With full changes 24 layers did get their gradient, and learned worse.",
            ),
            Choice(
                "So that N changes add up to the same spread, whatever N is.",
                True,
                "Twelve changes of spread 1 make 3.46; each times 1/√12, they make 1.",
            ),
            Choice(
                "To have fewer weights to train.",
                False,
                "There are as many as before; they only start smaller.",
            ),
        ],
    ),
    Question(
        "Four blocks without the bypass stayed at the loss of the letters' frequencies. What went wrong first?",
        [
            Choice(
                "The gradient did not reach the first block.",
                False,
                "It did: at eight blocks it was even ten times larger than with the bypass. The norms keep it alive.",
            ),
            Choice(
                "A thousand steps were too few for so many weights.",
                False,
                "With the bypass the same number of weights reached 2.101 in the same thousand steps.",
            ),
            Choice(
                "All positions of a text held nearly the same vector, and one vector allows one answer only.",
                True,
                "After four blocks its own character moved a position by less than a thousandth. With nothing to average, four blocks did learn.",
            ),
        ],
    ),
)
