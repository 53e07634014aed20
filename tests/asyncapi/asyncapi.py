#!/usr/bin/env python3
"""Reads api/asyncapi.yaml.

    asyncapi.py YAML JSON     write its examples, for a program that decodes them:
                              [{"message": "place_order", "payload": …}, …]
"""
import json
import pathlib
import sys

import yaml

API = pathlib.Path(__file__).resolve().parents[2] / "api"


def load(path=API / "asyncapi.yaml"):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def examples(document):
    """(name of the message, its example) of each."""
    for message in document["components"]["messages"].values():
        for example in message["examples"]:
            yield message["name"], example


if __name__ == "__main__":
    source, target = map(pathlib.Path, sys.argv[1:])
    target.write_text(json.dumps([{"message": name, "payload": example["payload"]}
                                  for name, example in examples(load(source))]))
