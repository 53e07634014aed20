"""The contract itself: sound, served as it stands, and every route of it is there."""

import json
import re

import jsonschema
import pytest
import yaml

from contract import SPEC_PATH, Contract

VERBS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
ID = "01938a1e-4c00-7000-8000-00000000dead"


def walk(node, path="#"):
    yield path, node
    children = node.items() if isinstance(node, dict) else (
        enumerate(node) if isinstance(node, list) else ())
    for name, child in children:
        yield from walk(child, f"{path}/{name}")


def test_it_is_served_as_it_stands(client, contract):
    assert json.loads(client.get("/openapi.json").text) == contract.spec


def test_its_version_is_openapi_3_1(contract):
    spec = contract.spec
    assert re.fullmatch(r"3\.1\.\d+", spec["openapi"])
    assert {"title", "version"} <= spec["info"].keys()
    assert set(spec) <= {"openapi", "info", "jsonSchemaDialect", "servers", "paths", "webhooks",
                         "components", "security", "tags", "externalDocs"}
    assert set(spec["components"]) <= {"schemas", "responses", "parameters", "examples", "headers",
                                       "requestBodies", "securitySchemes", "links", "callbacks",
                                       "pathItems"}
    json.dumps(spec)  # nothing that YAML has and JSON has not


def test_no_name_stands_twice():
    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            names = [self.construct_object(name) for name, _ in node.value]
            assert len(names) == len(set(names)), f"{node.start_mark}: {names}"
            return super().construct_mapping(node, deep)

    yaml.load(SPEC_PATH.read_text(encoding="utf-8"), Loader)


def test_every_reference_resolves_and_every_component_is_used(contract):
    used = set()
    for path, node in walk(contract.spec):
        if isinstance(node, dict) and "$ref" in node:
            assert contract.resolver.resolve(node["$ref"])[1] is not None, path
            used.add(node["$ref"])
    for kind, components in contract.spec["components"].items():
        for name in components:
            assert f"#/components/{kind}/{name}" in used, f"nobody uses {kind}/{name}"


def schemas(spec):
    for name, schema in spec["components"]["schemas"].items():
        yield f"#/components/schemas/{name}", schema
    for path, node in walk(spec):
        if isinstance(node, dict) and isinstance(node.get("schema"), dict) and "/properties/" not in path:
            yield f"{path}/schema", node["schema"]


def test_every_schema_is_valid_and_closed(contract):
    for path, schema in schemas(contract.spec):
        jsonschema.Draft202012Validator.check_schema(schema)
        for place, node in walk(schema, path):
            if isinstance(node, dict) and node.get("type") == "object" and "properties" in node:
                assert node.get("additionalProperties") is False, place
                assert set(node.get("required", ())) <= node["properties"].keys(), place
            if isinstance(node, dict) and "pattern" in node and isinstance(node["pattern"], str):
                re.compile(node["pattern"])


def test_every_example_is_valid(contract):
    examples = 0
    for path, node in walk(contract.spec):
        if isinstance(node, dict) and "schema" in node and "example" in node:
            errors = contract.errors(node["schema"], node["example"])
            assert not errors, f"{path}: {errors}"
            examples += 1
        if isinstance(node, dict) and "default" in node:
            errors = contract.errors(node, node["default"])
            assert not errors, f"{path}: {errors}"
    assert examples > 50


def test_every_operation_is_described(contract):
    names = set()
    for method, path, operation in contract.operations():
        where = f"{method} {path}"
        assert operation["operationId"] not in names, where
        names.add(operation["operationId"])
        assert operation["summary"] and operation["tags"], where
        assert {tag["name"] for tag in contract.spec["tags"]} >= set(operation["tags"])
        given = [contract.resolve(parameter) for parameter in
                 operation.get("parameters", []) + contract.spec["paths"][path].get("parameters", [])]
        for parameter in given:
            assert parameter["description"] and parameter["schema"], where
            assert parameter["in"] in ("path", "query", "header"), where
        in_path = {parameter["name"] for parameter in given if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"\{([a-z_]+)\}", path)), where
        for status, response in operation["responses"].items():
            response = contract.resolve(response)
            assert re.fullmatch(r"[1-5]\d\d", status) and response["description"], where
            assert "X-Request-Id" in response["headers"], f"{where} {status}"
            for media_type, content in response["content"].items():
                assert (int(status) >= 400) == (media_type == "application/problem+json"), where
                assert "schema" in content, where
                assert "example" in content or path == "/openapi.json", f"{where} {status}"
        if method == "GET":
            assert "requestBody" not in operation, where


def test_writes_can_be_repeated(contract):
    for method, path, operation in contract.operations():
        names = {contract.resolve(parameter)["name"] for parameter in operation.get("parameters", [])}
        is_command = method != "GET" and "operations" not in operation["tags"]
        assert ({"Idempotency-Key", "Prefer"} <= names) == is_command, f"{method} {path}"


def operations():
    return [(method, path) for method, path, _ in Contract().operations()]


def has_body(contract, method, path):
    operation = contract.spec["paths"][path][method.lower()]
    return method in ("POST", "PUT", "PATCH") and "operations" not in operation["tags"]


@pytest.mark.parametrize("method, path", operations())
def test_every_route_is_there(client, contract, method, path):
    target = path.replace("{sku}", "T-never").replace("{id}", ID).replace("{srn}", "T-never")
    answer = client.request(method, target, body=b"{" if has_body(contract, method, path) else None)
    problem = answer.problem if answer.status >= 400 else None
    assert problem not in ("not_found", "method_not_allowed")
    if has_body(contract, method, path):
        assert problem == "malformed_json"


@pytest.mark.parametrize("path", sorted({path for _, path in operations()}))
def test_other_methods_are_not(client, contract, path):
    target = path.replace("{sku}", "T-never").replace("{id}", ID).replace("{srn}", "T-never")
    there = {method.upper() for method in contract.spec["paths"][path].keys() & VERBS}
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        if method not in there:
            assert client.request(method, target, status=405).problem == "method_not_allowed"
    client.request("OPTIONS", target, status=204)
