"""Questions on the bigram, counted and learned.

Taught in: bigram.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "You train the learned bigram ten times longer. How far can its training loss fall?",
        [
            Choice(
                "Towards 0, if only one waits long enough.",
                False,
                "A bigram sees one character. What that leaves open, 2.4519 nats on average, no training removes.",
            ),
            Choice(
                "To the loss of the best counted n-gram of notebook 01.",
                False,
                "That one looks at four characters. With one, the floor is 2.4519.",
            ),
            Choice(
                "Not below 2.4519, the loss of the raw counts.",
                True,
                "For its own text the counted table is the best table of pairs that exists. Training can only reach it.",
            ),
        ],
    ),
    Question(
        "One training step on a batch in which 19 different characters occur in x. Which rows of the table get a gradient?",
        [
            Choice(
                "All 65 rows.",
                False,
                "The notebook counted 19. A row that is not looked up does not influence the loss.",
            ),
            Choice(
                "The 19 rows of those characters.",
                True,
                "A row takes part in the loss only when its character is looked up.",
            ),
            Choice(
                "The rows of the characters in y.",
                False,
                "The targets choose columns: which score should rise. The rows are chosen by x.",
            ),
        ],
    ),
    Question(
        "Always taking the likeliest next character printed newlines only. Why?",
        [
            Choice(
                "After a newline the likeliest character is another newline.",
                True,
                "Speeches are set apart by empty lines. Greedy choice falls into that loop and never leaves it.",
            ),
            Choice(
                "The model had not been trained enough.",
                False,
                "It was counted, so it was as good as a bigram can be. The loop is a property of greedy choice.",
            ),
            Choice(
                "The tokenizer maps unknown characters to newline.",
                False,
                "It maps nothing silently: unknown characters are refused, as notebook 01 showed.",
            ),
        ],
    ),
    Question(
        "The last batch of your training shows a loss a tenth lower than your friend's. Who has the better bigram?",
        [
            Choice(
                "You, clearly.",
                False,
                "A batch may even lie below the floor of 2.4519: that is luck. Average many batches first.",
            ),
            Choice(
                "Nobody can tell from these two numbers.",
                True,
                "Single batches spread by 0.077 around the mean. A difference of a tenth is what chance gives.",
            ),
            Choice(
                "Your friend: a higher loss means less over-fitting.",
                False,
                "A single batch says nothing on over-fitting. Compare averages, on both splits.",
            ),
        ],
    ),
)
