"""The shell blocks of the pages for people, so that tests can run them."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.*)\n", re.MULTILINE)


def blocks(page, heading=None):
    """A page's blocks as one script; only those below one heading, up to the next, when given."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if heading is not None:
        _, *parts = HEADING.split(text)
        text = dict(zip(parts[::2], parts[1::2]))[heading]
    script = "\n".join(BLOCK.findall(text))
    assert script, f"there is no shell block in {page}, {heading}"
    return script
