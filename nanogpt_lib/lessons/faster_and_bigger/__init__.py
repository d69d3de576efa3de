"""The exercises of the lesson "Faster and bigger", each by its name."""

from nanogpt_lib.kit.pages import exercises_of

globals().update(exercises_of(__name__))
