"""The exercises of the lesson "The full model", each by its name."""

from nanogpt_lib.kit.pages import exercises_of

globals().update(exercises_of(__name__))
