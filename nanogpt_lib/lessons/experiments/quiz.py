"""Questions on experiments: what a difference of two losses is worth.

Taught in: experiments.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "Your change lowers the loss by 0.01, with the same sign for each of three seeds. Is it real?",
        [
            Choice(
                "Yes: no seed disagrees.",
                False,
                "Three seeds agree on a winner in a quarter of all cases in which there is none.",
            ),
            Choice(
                "One cannot say yet: look at the interval of the gaps, and at the spread of other settings.",
                True,
                "With the pooled spread of 0.0117, luck alone keeps two means of three seeds within 0.019, 19 times in 20. "
                "More seeds might tell.",
            ),
            Choice(
                "No: 0.01 is too small to matter.",
                False,
                "Small is not the same as unreal. Whether it is luck depends on the spread and on the number of seeds.",
            ),
        ],
    ),
    Question(
        "Batch 64 was best at equal steps and worst at equal characters. Which of the two comparisons is right?",
        [
            Choice(
                "Both: they answer different questions, and a report must say which.",
                True,
                "And at equal seconds batch 8 and 16 were level. What is scarce for you, text or time, decides.",
            ),
            Choice(
                "Equal steps: each model was updated as often.",
                False,
                "True, but one of them read eight times as much text on the way, and computed for longer.",
            ),
            Choice(
                "Equal characters: everything else is unfair.",
                False,
                "It is fair to the text. Whoever pays for time asks another question, and gets another answer.",
            ),
        ],
    ),
    Question(
        "You try twenty settings, keep the lowest validation loss and report it. What have you done to it?",
        [
            Choice(
                "Nothing: the model never saw the validation text.",
                False,
                "The model did not, but you did: you chose by that number.",
            ),
            Choice(
                "The model now over-fits the training text.",
                False,
                "Choosing changes no weight. What it spoils is the number by which you chose.",
            ),
            Choice(
                "It looks better than it is, because luck helped to choose it.",
                True,
                "With our spread the best of twenty equal settings looks 0.022 better than it is. "
                "A test split that you look at once has not been chosen by.",
            ),
        ],
    ),
    Question(
        "Five settings change at once and the loss falls. Which of the five gets the credit?",
        [
            Choice(
                "The one that theory says matters most.",
                False,
                "That is a guess. Alone and at equal characters, four changes of the third rung each did harm here.",
            ),
            Choice(
                "None yet: change them one at a time, and look at what else grew with them.",
                True,
                "The characters read grow too, and they are in no list of settings.",
            ),
            Choice(
                "Each of them a fifth.",
                False,
                "Gains do not share out like that: some changes help, some harm, some only help together.",
            ),
        ],
    ),
    Question(
        "One report says 1.5077, estimated on random batches; another 1.5075, measured on the whole split. "
        "Which model is better?",
        [
            Choice(
                "The second: its loss is lower.",
                False,
                "By 0.0002. The easiest and the hardest ninth of the split are 0.461 apart.",
            ),
            Choice(
                "The first: random batches are the stricter judge.",
                False,
                "They are the noisier one. Stricter they are not.",
            ),
            Choice(
                "Nobody can tell from these two numbers.",
                True,
                "Two judges, one seed each, and one of them the best of 21 judgements. "
                "What can be said is what each cost: 262.1 million characters against 10.24.",
            ),
        ],
    ),
)
