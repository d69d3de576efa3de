"""What belongs to one lesson alone: its exercises, its quiz, and what only they measure.

    from nanogpt_lib.lessons import averaging_the_past as ex

    ex.avg_tril.check(my_function)  # a panel: passed, not attempted yet, or which mistake it is
    ex.avg_tril.hint()              # the next of three hints
    ex.avg_tril.solution()          # the code of one right answer

A lesson is a folder with the lesson's name. Each exercise is a page in it, `quiz.py` holds the
questions at the end of the notebook. `python -m nanogpt_lib.lessons` prints every mistake that
the exercises know, with its message.
"""

# Lessons have names; only this table gives them numbers. The order is the order of the notebooks.
LESSONS = (
    "start_here",
    "text_tokens_batches",
    "bigram",
    "averaging_the_past",
    "self_attention",
    "scaling",
    "multi_head",
    "feed_forward_and_residuals",
    "layernorm",
    "dropout",
    "full_model",
    "sampling",
    "experiments",
    "the_ladder",
    "looking_inside",
    "faster_and_bigger",
)


def notebook_of(lesson: str) -> str:
    """Return the stem of a lesson's notebook file: its number and its name.

    Args:    lesson: one of `LESSONS`.
    Raises:  ValueError: there is no lesson of that name.
    Example:
        >>> notebook_of("bigram")
        '02_bigram'
    """
    return f"{LESSONS.index(lesson):02}_{lesson}"
