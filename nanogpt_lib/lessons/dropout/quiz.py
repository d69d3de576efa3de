"""Questions on dropout and over-fitting.

Taught in: dropout.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "Why does dropout multiply what it keeps by 1 / (1 − p)?",
        [
            Choice(
                "So that the spread stays as it was.",
                False,
                "It does not stay: numbers of spread 1 had 1.118 afterwards, at p = 0.2.",
            ),
            Choice(
                "So that each row of attention weights sums to 1.",
                False,
                "Rows sum to 1 only on average. The first row vanished altogether in a fifth of the draws.",
            ),
            Choice(
                "So that the mean stays, and the model in use needs no correction.",
                True,
                "Without it, four fifths of the sum would arrive in training and all of it in use.",
            ),
        ],
    ),
    Question(
        "You sample inside `torch.no_grad()`, and the likeliest character each time. Two runs differ. Why?",
        [
            Choice(
                "The model is still in training mode.",
                True,
                "`no_grad` does not touch dropout. Only `eval()` made two passes agree.",
            ),
            Choice(
                "You forgot to set the seed.",
                False,
                "Taking the likeliest draws nothing, so it needs no seed. A seed would only hide that dropout is still on.",
            ),
            Choice(
                "Without gradients torch rounds more coarsely.",
                False,
                "It computes the same numbers, and merely keeps no record for the way back.",
            ),
        ],
    ),
    Question(
        "The validation loss lies below the training loss. What do you look at first?",
        [
            Choice(
                "Whether validation text slipped into the training split.",
                False,
                "That would make the two alike, not put validation below. There is a more common reason.",
            ),
            Choice(
                "Whether both were measured in the same mode.",
                True,
                "On the same batches and weights the noise alone cost about 0.05 nats.",
            ),
            Choice(
                "Whether the model over-fits.",
                False,
                "Over-fitting opens the gap the other way: training falls and validation rises.",
            ),
        ],
    ),
    Question(
        "When is dropout useless, or worse?",
        [
            Choice(
                "When each character is read less than once.",
                True,
                "Nothing can be learned by heart then, and the noise slows learning: it was worse after three hundred steps.",
            ),
            Choice(
                "When the text is small and is read many times.",
                False,
                "That is where it saved 0.73 nats at the end, though only 0.034 against stopping in time.",
            ),
            Choice(
                "When the model has a LayerNorm, which does the same.",
                False,
                "A norm fixes the spread. Dropout enlarges it, and differently each time: it regularises.",
            ),
        ],
    ),
    Question(
        "One seed gave other masks on a friend's machine. What does that tell?",
        [
            Choice(
                "One of the two has a broken random generator.",
                False,
                "Both can be right: share of zeros, mean and spread are what must agree.",
            ),
            Choice(
                "The friend forgot `eval()`.",
                False,
                "In evaluation mode there is no mask to compare.",
            ),
            Choice(
                "Nothing: a seed fixes a stream of numbers, not the recipe that makes masks from it.",
                True,
                "Even on one machine, our recipe and torch's gave different masks from one seed, and were equal in law.",
            ),
        ],
    ),
)
