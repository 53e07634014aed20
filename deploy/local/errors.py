class LocalError(Exception):
    """Told to the user as it is: what is wrong, and what to do about it."""
