"""Questions on the whole model: its size, its first loss, its training, its checkpoint.

Taught in: full_model.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "A new GPT with 65 characters reports a first loss of 4.67. What do you think?",
        [
            Choice(
                "Fine: before training any loss is as good as another.",
                False,
                "An untrained model has one honest answer, each of 65 characters alike, and that costs 4.174.",
            ),
            Choice(
                "Its logits are spread by about 1: it is sure at random.",
                True,
                "Spread s costs about s²/2, here a half. A smaller beginning of the last layer mends it.",
            ),
            Choice(
                "The targets are not shifted.",
                False,
                "A model that knows nothing pays the same for every target, shifted or not.",
            ),
        ],
    ),
    Question(
        "It learns one batch by heart, down to almost 0. What do you know now?",
        [
            Choice(
                "Gradients reach the weights, and the optimiser moves them.",
                True,
                "An optimiser that held another model's numbers was caught. A missing mask was not.",
            ),
            Choice(
                "It does not look into the future.",
                False,
                "Without a mask it learned the batch too, and even went below the honest floor of 0.0108.",
            ),
            Choice(
                "It will do well on validation text.",
                False,
                "On other text it was worse than one that knows nothing.",
            ),
        ],
    ),
    Question(
        "Why are gains and biases in a group of their own, without decay?",
        [
            Choice(
                "They get no gradient, so nothing would happen to them.",
                False,
                "They do get gradients, and decay would act even without one.",
            ),
            Choice(
                "They are so few that it saves time.",
                False,
                "The time is the same. The reason is what the decay would do to them.",
            ),
            Choice(
                "A gain that decays turns its layer down for no reason in the data.",
                True,
                "With no gradient to hold it, the shipped model's 2,500 steps would have taken a gain from 1 to 0.76.",
            ),
        ],
    ),
    Question(
        "You saved only the weights, loaded them and went on. Why is the result another one?",
        [
            Choice(
                "Files round the numbers.",
                False,
                "They do not: with everything saved, every bit was equal.",
            ),
            Choice(
                "Adam's running means and the random stream were lost.",
                True,
                "Leaving out either was enough to get another model.",
            ),
            Choice(
                "Dropout makes two runs differ in any case.",
                False,
                "It was on, and the runs were equal: its masks come from the random stream, which was saved.",
            ),
        ],
    ),
    Question(
        "A training stands at 2.48 on validation and looks good. What do you say?",
        [
            Choice(
                "That is what a table of counted pairs reaches.",
                True,
                "One character of context is enough for 2.482. The best count, with four, has 1.669.",
            ),
            Choice(
                "It beats everything that merely counts.",
                False,
                "It beats uniform guessing and the letters. Draw the other two lines into the picture.",
            ),
            Choice(
                "It over-fits.",
                False,
                "One validation loss cannot tell that. Look at the gap to training, and how it moves.",
            ),
        ],
    ),
)
