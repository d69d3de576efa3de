"""Questions on speed: the same numbers in less time, and other numbers that learn more.

Taught in: faster_and_bigger.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "Why does a training step not use a cache of keys and values?",
        [
            Choice(
                "Keys and values of all positions would need more memory than training has.",
                False,
                "Training keeps far more than keys and values for its backward pass.",
            ),
            Choice(
                "A cache is only exact up to rounding, and gradients need more.",
                False,
                "All forms here agree up to rounding, and gradients live with it.",
            ),
            Choice(
                "All positions come in one call, and then the weights change.",
                True,
                "Nothing is computed twice that could be kept, and after the step all keys would be out of date.",
            ),
        ],
    ),
    Question(
        "A program writes 300 characters with a cache and a learned table of positions, and block_size is 128. "
        "It drops the oldest key and goes on. What will you see?",
        [
            Choice(
                "The text is fine up to character 128, then worse.",
                True,
                "From there on each kept key carries the position that its character had before, and no error tells.",
            ),
            Choice(
                "An error at character 129, since the table of positions has no such row.",
                False,
                "The program keeps its places within the table. The rows are there, they are only the wrong ones.",
            ),
            Choice(
                "The same text as without a cache, in less time.",
                False,
                "That holds while nothing has moved. Dropping the oldest moves all the others.",
            ),
        ],
    ),
    Question(
        "In your profile the optimiser takes 10 % of a step. Somebody sells you one that is 50 times as fast. "
        "What is the most that the step can gain?",
        [
            Choice(
                "Five times, since 10 % of 50 is 5.",
                False,
                "Shares and factors are not multiplied. The other 90 % take as long as before.",
            ),
            Choice(
                "About `1.1` times: 90 % of the step is untouched.",
                True,
                "`1 / (0.9 + 0.1 / 50)` is just above `1.1`, and `1 / 0.9` is the limit for any factor.",
            ),
            Choice(
                "About 25 times, since half of the gain is lost on the way.",
                False,
                "Even an optimiser that takes no time at all leaves the other 90 % of the step.",
            ),
        ],
    ),
    Question(
        "Your new form makes steps twice as fast, and the loss after ten minutes is higher than before. "
        "How can that be?",
        [
            Choice(
                "It cannot: twice the steps always give a lower loss.",
                False,
                "Only if a step learns as much as before. Smaller batches make fast steps as well.",
            ),
            Choice(
                "Faster steps round more, and over a run of thousands the errors add up.",
                False,
                "In float32 the forms differ in the sixth digit. Look for a larger difference first.",
            ),
            Choice(
                "Each step learns less: compare outputs and gradients first.",
                True,
                "A faster step is only as good as what it computes. That is why the ladder has a second column.",
            ),
        ],
    ),
    Question(
        "A draft model writes only the letter e. The verifying rule is right. What happens?",
        [
            Choice(
                "The text has too many of them, since some guesses are kept.",
                False,
                "A guess is kept with probability p / q at most, which takes out just what is too much.",
            ),
            Choice(
                "The text is distributed as before, and comes hardly faster.",
                True,
                "The guesser decides how fast the text comes, never which text is likely.",
            ),
            Choice(
                "Nothing is kept, and the text contains no e at all.",
                False,
                "An e is kept with the probability that the model gives to it.",
            ),
        ],
    ),
    Question(
        "Three seeds of a change give the gaps `-0.02`, `-0.01` and `+0.01`. Its 95 % interval covers 0. What do you report?",
        [
            Choice(
                "The change lowers the loss by `0.007`, the mean of three seeds.",
                False,
                "That is the mean of three numbers that luck alone could have given.",
            ),
            Choice(
                "The change has no effect, since the interval of its gaps covers 0.",
                False,
                "Three seeds cannot prove that. A small effect may hide in so wide an interval.",
            ),
            Choice(
                "No proven effect: gap, interval, number of seeds.",
                True,
                "Somebody with more seeds can then go on from there.",
            ),
        ],
    ),
    Question(
        "Two processes share a batch of 10 rows, 4 and 6, and average their gradients. What is wrong?",
        [
            Choice(
                "The rows of the smaller half count more than those of the other.",
                True,
                "Each half's mean counts alike, so each of 4 rows weighs an eighth and each of 6 a twelfth.",
            ),
            Choice(
                "Nothing: the mean of two means is always the mean of all the rows.",
                False,
                "Only if the halves are equally large. The library refuses a batch that it cannot share evenly.",
            ),
            Choice(
                "The gradients of two processes cannot be averaged.",
                False,
                "They can, since both hold the same weights. The question is how much each counts.",
            ),
        ],
    ),
)
