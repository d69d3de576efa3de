"""Questions on scaling.

Taught in: scaling.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "Why a root, and not head_size itself?",
        [
            Choice(
                "Dividing by head_size would be slower.",
                False,
                "Both are one multiplication. The difference lies in the spread of the scores.",
            ),
            Choice(
                "The spread of a dot product grows with the root of head_size.",
                True,
                "Its variance grows with head_size, and the spread is the root of the variance.",
            ),
            Choice(
                "The root makes all scores positive.",
                False,
                "Scores keep their signs. The softmax makes weights positive.",
            ),
        ],
    ),
    Question(
        "A head of 64 with raw random scores puts 0.87 of its weight on one of 8 keys. What is wrong with that?",
        [
            Choice(
                "Nothing: a decided head is a good head.",
                False,
                "It decided at random, before it had learned anything, and can hardly be corrected.",
            ),
            Choice(
                "Its rows no longer sum to 1.",
                False,
                "They do. But nearly all of the 1 sits on a random key.",
            ),
            Choice(
                "Its weights hardly respond when a score is nudged.",
                True,
                "p(1 − p) is near 0 at both ends: 0.18 in place of 0.77 in sum.",
            ),
        ],
    ),
    Question(
        "In the recorded runs the model without scaling did best. What is the likely reason?",
        [
            Choice(
                "Its raw scores began with a spread of 1.37, since torch's default weights are small.",
                True,
                "That is nearer to 1 than what scaling leaves of it. The usual story assumes queries and keys of variance 1.",
            ),
            Choice(
                "Scaling is a mistake of the paper.",
                False,
                "The root makes the spread independent of head_size. Where it should begin is another question.",
            ),
            Choice(
                "It was luck: three seeds prove nothing.",
                False,
                "The difference is 0.014, and the seeds differ by less than a quarter of that from their mean.",
            ),
        ],
    ),
    Question(
        "Dividing the scores by 4 is the same as a softmax",
        [
            Choice(
                "with a mask.",
                False,
                "A mask forbids keys. Dividing changes how strongly scores are preferred.",
            ),
            Choice("at temperature 4.", True, "Section 4 found the two equal to the last bit."),
            Choice(
                "on a quarter of the keys.", False, "All keys take part; the weights only become more alike."
            ),
        ],
    ),
)
