"""Questions on several heads.

Taught in: multi_head.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "What does the projection after the heads do?",
        [
            Choice(
                "It makes the rows of the weights sum to 1.",
                False,
                "The softmax does that, inside each head.",
            ),
            Choice(
                "It cuts x into a share for each head.",
                False,
                "Nothing cuts x: every head reads all its channels. The projection comes after the heads.",
            ),
            Choice(
                "It lets every channel of the result hear every head.",
                True,
                "Before it head 0 reached 8 of 32 channels, after it all 32. It adds what the heads send.",
            ),
        ],
    ),
    Question(
        "The width is 64. From 1 head to 8 heads, what grows?",
        [
            Choice(
                "The number of (T, T) tables of weights.",
                True,
                "One a head. Parameters and multiplications stay as they were, since each head is narrower.",
            ),
            Choice(
                "The number of parameters, eightfold.",
                False,
                "It stays at 16,448: eight matrices of 64 × 8 hold as much as one of 64 × 64.",
            ),
            Choice(
                "Nothing at all.",
                False,
                "Parameters do not grow. But each head has a (T, T) table of its own.",
            ),
        ],
    ),
    Question(
        "You split the heads by view(B, n_head, T, head_size), with no transpose, and join them by view. "
        "Which test finds it?",
        [
            Choice(
                "The leak test: edit the last position, look at the earlier outputs.",
                False,
                "It found nothing: each position heard only its own pair, and never the future.",
            ),
            Choice(
                "Parity: compare with a list of heads that holds the same weights.",
                True,
                "The numbers were off by up to 0.78. The leak test is for the other mistake, the missing swap back.",
            ),
            Choice(
                "The round trip: split, join, and compare with the input.",
                False,
                "The round trip was clean. Two mistakes that undo each other pass it.",
            ),
        ],
    ),
    Question(
        "You pass a mask that is True where a key may be seen to nn.MultiheadAttention. What happens?",
        [
            Choice(
                "It raises an error, since the mask is upside down.",
                False,
                "No error came. A mask of the right shape is a mask.",
            ),
            Choice(
                "Nothing: all of torch reads masks alike.",
                False,
                "scaled_dot_product_attention takes True as may be seen, nn.MultiheadAttention as blocked.",
            ),
            Choice(
                "Every position looks at its future only, and the last one gets NaN.",
                True,
                "True means blocked there. The last position has no future, so nothing is left to share among.",
            ),
        ],
    ),
    Question(
        "Switching a head off raised the loss by 0.02 nats. What may you conclude?",
        [
            Choice(
                "On this batch, with the other heads on, this model hardly misses it.",
                True,
                "And no more than that: rises do not add up, and another seed divides the work differently.",
            ),
            Choice(
                "The head has learned nothing.",
                False,
                "Another head may stand in for it: without both, the loss may rise by more than the two rises.",
            ),
            Choice(
                "A model with one head fewer would be as good, whatever the seed.",
                False,
                "That takes an experiment of its own. With another seed other heads did the work.",
            ),
        ],
    ),
)
