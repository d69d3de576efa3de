"""Questions on text, tokens, batches and baselines.

Taught in: text_tokens_batches.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "A model that has learned nothing has a loss of about ln 65, or 4.174. Where does the 65 come from?",
        [
            Choice(
                "It is the length of the context.",
                False,
                "Blind guessing looks at no context. The 65 is V, the size of the vocabulary.",
            ),
            Choice(
                "It is the number of different characters in the text.",
                True,
                "Blind guessing gives each of the V = 65 characters the probability 1/65, and -ln(1/65) = ln 65.",
            ),
            Choice(
                "It is the batch size.",
                False,
                "The loss is a mean over the batch, so the batch size cancels. The 65 is V.",
            ),
        ],
    ),
    Question(
        "Why is the text split by position, and not into random windows?",
        [
            Choice(
                "Random windows overlap, so nearly all of the held-out text would have been read in training.",
                True,
                "Section 4 measured it: a share of 0.984 of the held-out characters lay in training windows.",
            ),
            Choice(
                "Drawing random windows would be too slow.",
                False,
                "It takes milliseconds, and `get_batch` does it for every step. The trouble is that windows overlap.",
            ),
            Choice(
                "The last plays are easier, which makes the result look better.",
                False,
                "They are a little harder: the unigram loss is 3.347 there against 3.309.",
            ),
        ],
    ),
    Question(
        "The unigram model's validation loss lies 0.038 above its training loss. What does that show?",
        [
            Choice(
                "The model over-fits.",
                False,
                "With 65 numbers there is nothing to over-fit with. The letters are simply distributed a little differently in the two splits.",
            ),
            Choice(
                "There is a bug in the evaluation.",
                False,
                "The same function measured both. A gap between two texts is to be expected.",
            ),
            Choice(
                "The two splits are different texts.",
                True,
                "65 counts cannot memorise a million characters. Other scenes and other names make the gap.",
            ),
        ],
    ),
    Question(
        "Counting contexts of 4 characters gave the lowest validation loss. Why not contexts of 6?",
        [
            Choice(
                "Characters further back than 4 carry no information.",
                False,
                "They do: networks later in the series use 32 and more. A table of counts cannot make use of them.",
            ),
            Choice(
                "Most contexts of 6 characters are seen too seldom for their counts to mean anything.",
                True,
                "The training loss went on falling while the validation loss rose: the counts had become memories.",
            ),
            Choice(
                "The computer has too little memory for them.",
                False,
                "The notebook counted them in a fraction of a second. They are stored, but they are too rare.",
            ),
        ],
    ),
)
