"""The questions at the end of each notebook: one file a notebook, each answer a fact measured there.

A notebook shows them with `Quiz(quiz01.QUESTIONS)`; `nanogpt_lib.widgets.quiz` draws them.

Taught in: crew.
"""
