#!/usr/bin/env python3
"""Reads api/asyncapi.yaml.

    asyncapi.py YAML JSON     write its examples, for a program that decodes them:
                              [{"message": "place_order", "payload": …}, …]
"""
import json
import pathlib
import sys

import jsonschema
import yaml

API = pathlib.Path(__file__).resolve().parents[2] / "api"


def load(path=API / "asyncapi.yaml"):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def examples(document):
    """(name of the message, its example) of each."""
    for message in document["components"]["messages"].values():
        for example in message["examples"]:
            yield message["name"], example


class Document:
    """With the schemas of openapi.yaml that it names."""

    def __init__(self):
        self.tree = load()
        self.resolver = jsonschema.RefResolver(
            "asyncapi.yaml", self.tree, store={"openapi.yaml": load(API / "openapi.yaml")})

    def resolve(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def message(self, name):
        """By the name that stands in it."""
        return next(message for message in self.tree["components"]["messages"].values()
                    if message["name"] == name)

    def errors(self, schema, value):
        """What is wrong with the value; empty: nothing."""
        validator = jsonschema.Draft7Validator(
            schema, resolver=self.resolver,
            format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
                for error in validator.iter_errors(value)]

    def check(self, name, payload, headers=None):
        """Fails unless this is a message of that name."""
        message = self.message(name)
        wrong = self.errors(message["payload"], payload)
        if headers is not None:
            wrong += self.errors(message["headers"], headers)
        assert not wrong, f"{name}: {wrong}"


if __name__ == "__main__":
    source, target = map(pathlib.Path, sys.argv[1:])
    target.write_text(json.dumps([{"message": name, "payload": example["payload"]}
                                  for name, example in examples(load(source))]))
