"""Pictures: arrays in, `(fig, ax)` out. Nothing here knows a model, and nothing calls show.

Taught in: crew.
"""
