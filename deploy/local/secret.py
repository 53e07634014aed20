"""Passwords: made once, kept in a file of their own that only its owner reads."""

import os
import pathlib
import secrets


def password(path):
    """The password in this file; a new random one when there is no such file."""
    path = pathlib.Path(path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, secrets.token_hex(16) + "\n")
    return path.read_text().strip()


def write_private(path, text):
    """A file of mode 600, there with all of its text or not at all."""
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)
