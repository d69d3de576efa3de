"""Questions on sampling: settings, their order, and what a sample proves.

Taught in: sampling.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "You lower the temperature from 1 to `0.5`. Which character is now the likeliest?",
        [
            Choice(
                "It depends on the logits.",
                False,
                "Whatever the logits, dividing all by one positive number keeps their order.",
            ),
            Choice(
                "The same as before, only more likely.",
                True,
                "After `to be or` it was d at every temperature; against the space it went from 5.4 to 28.7 times.",
            ),
            Choice(
                "The second: lowering makes room for others.",
                False,
                "It is the other way round. Low temperature takes from the others and gives to the first.",
            ),
        ],
    ),
    Question(
        "T = 2 and p = `0.9`. When does it matter whether you heat first or cut first?",
        [
            Choice(
                "Always when the cut and the heat meet: heated first, more characters reach the share p.",
                True,
                "After `to be or not ` it was 29 against 16.",
            ),
            Choice(
                "Never: both only rescale the probabilities.",
                False,
                "The cut removes characters for good, and heat changes how many are needed to reach p.",
            ),
            Choice(
                "Never: heat does not change the order of the characters.",
                False,
                "That is why top-k does not mind. Top-p adds up probabilities, and those do change.",
            ),
        ],
    ),
    Question(
        "Why does greedy text go in circles?",
        [
            Choice(
                "The model was not trained long enough.",
                False,
                "Better models make larger circles, not none. The bigram's was a single newline.",
            ),
            Choice(
                "The context is cropped, so the model forgets what it has said.",
                False,
                "It repeats phrases that it still has in view. Cropping only forbids it to notice larger circles.",
            ),
            Choice(
                "The likeliest step leads back to a familiar phrase, and nothing random leads out.",
                True,
                "The same past gives the same step. Only chance, or a rule against it, breaks the circle.",
            ),
        ],
    ),
    Question(
        "Half of a sample's pieces of eight characters stand in the training text. Was it copied?",
        [
            Choice(
                "That alone does not say: real new text of this author has as many.",
                True,
                "0.503 of validation text's pieces do. The parrot gave itself away with 0.96, and at pieces of sixteen.",
            ),
            Choice(
                "Yes: chance alone could not make that many agree.",
                False,
                "Not blind chance, but one language and one author do: validation text has 0.503.",
            ),
            Choice(
                "No: a network cannot store text.",
                False,
                "It can, when it reads a small text many times. That is why one measures longer pieces too.",
            ),
        ],
    ),
    Question(
        "Top-p has an infinite loss on validation text, and its samples read well. How can that be?",
        [
            Choice(
                "The loss was computed wrongly: it should leave the cut ones out.",
                False,
                "The loss of what was called impossible *is* infinite: 0.097 of the real characters were cut off.",
            ),
            Choice(
                "Samples that read well must have been copied.",
                False,
                "Copying is another question with a number of its own, and here it is no more than a little above real text.",
            ),
            Choice(
                "The loss judges probabilities of all real text; a reader judges one text that was drawn.",
                True,
                "Cutting rare characters loses some that people write, and spares the reader many that nobody would.",
            ),
        ],
    ),
)
