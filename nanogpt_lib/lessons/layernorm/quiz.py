"""Questions on layer normalisation.

Taught in: layernorm.
"""

from nanogpt_lib.kit.quiz import Choice, Question

QUESTIONS = (
    Question(
        "A LayerNorm without gain and shift gives the same for (2, 0) and (9, 3). What has it erased?",
        [
            Choice(
                "Which of the two features is larger.",
                False,
                "That is the one thing it kept: both became (1, −1), with the larger feature first.",
            ),
            Choice(
                "The mean of the position's features, and their spread.",
                True,
                "A shift and a scale, for each position separately. Of 64 features that leaves nearly all, of 2 almost nothing.",
            ),
            Choice(
                "What the position has in common with its neighbours.",
                False,
                "It never looks at neighbours: each position is treated alone.",
            ),
        ],
    ),
    Question(
        "Gain and shift are followed by a linear layer with a bias. What do they add?",
        [
            Choice(
                "No new function: they can be folded into that layer. They are another way to learn one.",
                True,
                "Section 4 folded them in, with the same output. Before query, key and value, which have no bias, the shift does add something.",
            ),
            Choice(
                "They bring back the mean and the spread that each position had.",
                False,
                "They are the same for all positions, so they cannot know what a single one has lost.",
            ),
            Choice(
                "They keep the variance from being 0.",
                False,
                "That is what ε is for, inside the root.",
            ),
        ],
    ),
    Question(
        "Behind a batch norm, a model predicts a fair coin with a loss of 0.347. What happened?",
        [
            Choice(
                "It trained long enough to find the pattern.",
                False,
                "There is none. No honest model beats ln 2 = 0.693, however long it trains.",
            ),
            Choice(
                "The optimiser was lucky with its seed.",
                False,
                "No luck is needed: the loss is half of ln 2, and the reason can be written down.",
            ),
            Choice(
                "The mean over time told it the next coin, when the two differ.",
                True,
                "In half of the cases they differ, and then its own side of the mean gives the other away. Judged with fixed statistics the loss was 3.7.",
            ),
        ],
    ),
    Question(
        "Which of the two computes something else after `model.eval()`?",
        [
            Choice(
                "LayerNorm, since the texts are shorter then.",
                False,
                "Each position is normalised over its own features. How many positions there are makes no difference.",
            ),
            Choice(
                "BatchNorm: it changes from the batch's statistics to running averages.",
                True,
                "With two rows the two modes were 0.95 apart, at a spread of 1. LayerNorm has one mode only.",
            ),
            Choice(
                "Both.",
                False,
                "LayerNorm's outputs in the two modes were exactly equal.",
            ),
        ],
    ),
    Question(
        "Why does a pre-norm model end with a last norm, before the head?",
        [
            Choice(
                "Without it, no gradient would reach the first block.",
                False,
                "Gradients pass through the stream untouched. A model without it learned very well in sixty steps.",
            ),
            Choice(
                "Without it, the probabilities would not sum to 1.",
                False,
                "The softmax sees to that, whatever the logits are.",
            ),
            Choice(
                "No norm stands in its stream, which grows; the head shall receive numbers of one size.",
                True,
                "After sixty steps the stream had a spread of 7.3. Post-norm ends with a norm anyway.",
            ),
        ],
    ),
)
