"""What two exercises of this lesson share."""


def length(thing: object) -> int:
    """Return how many parts something has: 1 where it has no length."""
    return len(thing) if hasattr(thing, "__len__") else 1
