"""What the exercises of the lesson on bigrams measure on the real text."""

from nanogpt_lib.lessons import bigram as ex
from nanogpt_lib.lessons.bigram.best_alpha import lowest_loss
from nanogpt_lib.lessons.texts import published
from nanogpt_lib.ngrams import bigram_counts


def test_the_best_alpha_of_the_real_text_is_0_8_and_1_is_nearly_as_good() -> None:
    _, known, train, val = published()
    least, best = lowest_loss(bigram_counts(train, len(known)), val)
    assert round(least, 4) == 2.4818
    assert 0.7 < best < 0.9
    assert ex.best_alpha.check(1.0).passed, "2.4819: within 0.002"
    assert ex.best_alpha.check(10.0).mistake == "far too large each time"
