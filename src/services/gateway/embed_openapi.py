"""Turns api/openapi.yaml into a C++ source that holds it as JSON: embed_openapi.py IN.yaml OUT.cpp"""

import json
import pathlib
import sys

import yaml

TEMPLATE = """#include "openapi.hpp"

#include <string>

namespace stockroom::gateway {{

std::string_view openapi_json() {{
    static const std::string document = [] {{
        std::string text;
{parts}
        return text;
    }}();
    return document;
}}

}}  // namespace stockroom::gateway
"""

# Compilers need not take longer literals than 65,536 characters.
PART_LENGTH = 60_000


class Loader(yaml.SafeLoader):
    """Keeps dates and times as the texts that they are in the document."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def main(source: str, target: str) -> None:
    document = yaml.load(pathlib.Path(source).read_text(encoding="utf-8"), Loader=Loader)
    text = json.dumps(document, ensure_ascii=True, separators=(",", ":"))
    parts = "\n".join(
        f'        text += R"openapi({text[start : start + PART_LENGTH]})openapi";'
        for start in range(0, len(text), PART_LENGTH)
    )
    pathlib.Path(target).write_text(TEMPLATE.format(parts=parts), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
