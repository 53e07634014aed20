class LocalError(Exception):
    """Told to the user as it is: what is wrong, and what to do about it."""


class Ended(LocalError):
    """A process that something was expected of has ended."""
