"""Questions on self-attention.

Taught in: self_attention.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "In the map of a causal head, row 7 has a bright cell in column 4. Who asks, and who answers?",
        [
            Choice(
                "Position 4 asks; position 7 answers.",
                False,
                "Position 4 could not: 7 lies in its future. Rows ask, columns answer.",
            ),
            Choice(
                "Position 7 asks; position 4 answers, and hands over its value.",
                True,
                "Rows are queries, columns are keys. What flows is the value of position 4.",
            ),
            Choice(
                "Both ask each other.",
                False,
                "Position 4 cannot ask position 7: the mask hides it, because it lies in the future.",
            ),
        ],
    ),
    Question(
        "Why does a head have values, when it has keys already?",
        [
            Choice(
                "Keys cannot be averaged.",
                False,
                "Any vector can be averaged. But a key serves another purpose: to be found.",
            ),
            Choice(
                "Without values the rows would not sum to 1.",
                False,
                "The softmax sees to that, before any value is touched.",
            ),
            Choice(
                "What makes a position easy to find is not what one wants to hear from it.",
                True,
                "In section 1 the key said 'vowel' and the value said which place it was.",
            ),
        ],
    ),
    Question(
        "The text becomes ten times longer. How does the number of scores grow?",
        [
            Choice(
                "A hundred times.",
                True,
                "There is one score for each pair of positions: T times T.",
            ),
            Choice(
                "Ten times.",
                False,
                "Each of ten times as many queries also meets ten times as many keys.",
            ),
            Choice(
                "Not at all.",
                False,
                "The matrices for query, key and value stay; the scores grow with T times T.",
            ),
        ],
    ),
    Question(
        "One causal head, no position embeddings. The past of the last position is shuffled. What changes in its output?",
        [
            Choice(
                "Everything: the causal mask tells the order.",
                False,
                "For the last position the mask hides nothing, so the past is a set. Section 4 measured it.",
            ),
            Choice(
                "Nothing.",
                True,
                "It sees the same set of keys and values. Order came in only with a second layer, or with position embeddings.",
            ),
            Choice(
                "Its size, but not its direction.",
                False,
                "Neither changes. Weights and values are shuffled together, so their weighted sum stays the same.",
            ),
        ],
    ),
)
