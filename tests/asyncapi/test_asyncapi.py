"""The contract of the messages: sound, and its examples keep to it."""

import json
import re

import jsonschema
import pytest
import yaml

import asyncapi

CONTRACT = asyncapi.Document()
DOCUMENT = CONTRACT.tree


def walk(node, path="#"):
    yield path, node
    children = node.items() if isinstance(node, dict) else (
        enumerate(node) if isinstance(node, list) else ())
    for name, child in children:
        yield from walk(child, f"{path}/{name}")


def references():
    for path, node in walk(DOCUMENT):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            yield path, node["$ref"]


def test_it_is_asyncapi_3():
    assert re.fullmatch(r"3\.0\.\d+", DOCUMENT["asyncapi"])
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert set(DOCUMENT) <= {"asyncapi", "id", "info", "servers", "defaultContentType", "channels",
                             "operations", "components"}
    openapi = asyncapi.load(asyncapi.API / "openapi.yaml")
    assert DOCUMENT["info"]["version"] == openapi["info"]["version"]
    json.dumps(DOCUMENT)  # nothing that YAML has and JSON has not


def test_no_name_stands_twice():
    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            names = [self.construct_object(name) for name, _ in node.value]
            assert len(names) == len(set(names)), f"{node.start_mark}: {names}"
            return super().construct_mapping(node, deep)

    yaml.load((asyncapi.API / "asyncapi.yaml").read_text(encoding="utf-8"), Loader)


def test_every_reference_resolves():
    for path, reference in references():
        assert CONTRACT.resolver.resolve(reference)[1] is not None, path


def test_every_component_is_used():
    used = {reference for _, reference in references()}
    for kind, components in DOCUMENT["components"].items():
        for name in components:
            assert f"#/components/{kind}/{name}" in used, f"nobody uses {kind}/{name}"


def test_every_channel_is_described_and_used():
    used = {reference for _, reference in references()}
    for name, channel in DOCUMENT["channels"].items():
        assert {"address", "title", "messages"} <= channel.keys(), name
        assert f"#/channels/{name}" in used, name
        assert channel["address"] is None or channel["bindings"]["amqp"], name


def test_every_operation_speaks_of_messages_of_its_channel():
    for name, operation in DOCUMENT["operations"].items():
        assert operation["action"] in ("send", "receive"), name
        channel = operation["channel"]["$ref"]
        for message in operation.get("messages", ()):
            assert message["$ref"].startswith(f"{channel}/messages/"), name
        assert ("reply" in operation) == (operation["action"] == "receive"), name


def test_every_schema_is_valid():
    schemas = list(DOCUMENT["components"]["schemas"].items())
    for name, message in DOCUMENT["components"]["messages"].items():
        schemas += [(name, message["payload"]), (name, CONTRACT.resolve(message.get("headers", {})))]
    for name, schema in schemas:
        jsonschema.Draft7Validator.check_schema(schema)
        for path, node in walk(schema, name):
            if isinstance(node, dict) and node.get("type") == "object" and "properties" in node:
                assert set(node.get("required", ())) <= node["properties"].keys(), path


@pytest.mark.parametrize("name", DOCUMENT["components"]["messages"])
def test_every_example_is_valid(name):
    message = DOCUMENT["components"]["messages"][name]
    assert message["summary"] and message["examples"]
    for example in message["examples"]:
        assert set(example) <= {"name", "summary", "headers", "payload"}
        assert not CONTRACT.errors(message["payload"], example["payload"])
        if "headers" in example:
            assert not CONTRACT.errors(message["headers"], example["headers"])


@pytest.mark.parametrize("name", sorted(set(DOCUMENT["components"]["messages"]) - {"dead_letter"}))
def test_no_example_is_of_another_message(name):
    """The schemas tell messages apart, but for what holds several of them."""
    payload = DOCUMENT["components"]["messages"][name]["payload"]
    for other, message in DOCUMENT["components"]["messages"].items():
        if other not in (name, "dead_letter"):
            for example in message["examples"]:
                assert CONTRACT.errors(payload, example["payload"]), f"{other} is a {name}"


def test_every_type_of_event_is_a_routing_key():
    names = {CONTRACT.resolve(message)["name"] for message in DOCUMENT["channels"]["events"]["messages"].values()}
    assert set(DOCUMENT["channels"]["events"]["parameters"]["type"]["enum"]) == names
