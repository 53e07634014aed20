"""What api/openapi.yaml promises, and whether an answer keeps it."""

import json
import pathlib
import re

import jsonschema
import yaml

SPEC_PATH = pathlib.Path(__file__).resolve().parents[2] / "api" / "openapi.yaml"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
PROBLEM = {"$ref": "#/components/schemas/Problem"}


class Broken(AssertionError):
    """An answer that the contract does not allow."""


def strict_json(text):
    """JSON as the contract has it: no duplicate names, no floating point."""

    def unique(pairs):
        names = [name for name, _ in pairs]
        if len(names) != len(set(names)):
            raise Broken(f"duplicate names in {names}")
        return dict(pairs)

    def no_float(number):
        raise Broken(f"{number} is not an integer")

    return json.loads(text, object_pairs_hook=unique, parse_float=no_float, parse_constant=no_float)


class Contract:
    def __init__(self, path=SPEC_PATH):
        self.spec = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.resolver = jsonschema.RefResolver("", self.spec)
        self.formats = jsonschema.Draft202012Validator.FORMAT_CHECKER
        self.validators = {}
        self.patterns = [
            (re.compile(re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(path))), path)
            for path in sorted(self.spec["paths"], key=lambda path: path.count("{"))
        ]

    def resolve(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def operations(self):
        for path, item in self.spec["paths"].items():
            for method in METHODS & item.keys():
                yield method.upper(), path, item[method]

    def path_of(self, target):
        path = target.partition("?")[0]
        for pattern, template in self.patterns:
            if pattern.fullmatch(path):
                return template
        return None

    def errors(self, schema, value):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            self.validators[key] = jsonschema.Draft202012Validator(
                schema, resolver=self.resolver, format_checker=self.formats)
        return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
                for error in self.validators[key].iter_errors(value)]

    def check(self, method, target, answer, sent=None):
        """Raises Broken unless this route may give this answer. `sent`: the request's JSON, or None."""
        try:
            self.check_answer(method, target, answer, sent)
        except Broken as broken:
            raise Broken(f"{method} {target[:200]} → {answer.status} {answer.text[:1000]}: "
                         f"{broken}") from None

    def check_answer(self, method, target, answer, sent):
        template = self.path_of(target)
        if template is None:
            require(answer.status == 404 or answer.status in (400, 413, 414, 431),
                    "no such route, yet not 404")
            return self.check_problem(answer)
        item = self.spec["paths"][template]
        operation = item.get("get" if method == "HEAD" else method.lower())
        if operation is None:
            return self.check_missing_method(item, method, answer)
        require(str(answer.status) in operation["responses"], "status is not documented")
        response = self.resolve(operation["responses"][str(answer.status)])
        self.check_headers(response.get("headers", {}), answer)
        if method == "HEAD":
            return require(answer.text == "", "HEAD with a body")
        self.check_body(response, answer)
        if answer.status < 300 and sent is not None:
            body = self.resolve(operation["requestBody"])["content"]["application/json"]
            errors = self.errors(body["schema"], sent)
            require(not errors, f"accepted a body that the contract does not: {errors}")

    def check_missing_method(self, item, method, answer):
        allowed = {name.upper() for name in METHODS & item.keys()} | {"OPTIONS"}
        if "get" in item:
            allowed.add("HEAD")
        require("allow" in answer.headers, "no Allow")
        require({name.strip() for name in answer.headers["allow"].split(",")} == allowed,
                f"Allow is {answer.headers['allow']}, not {allowed}")
        if method == "OPTIONS":
            return require(answer.status == 204 and answer.text == "", "OPTIONS is not 204")
        require(answer.status == 405, "no such method, yet not 405")
        self.check_problem(answer)

    def check_headers(self, headers, answer):
        for name, node in headers.items():
            header = self.resolve(node)
            value = answer.headers.get(name.lower())
            require(value is not None or not header.get("required"), f"no {name}")
            if value is not None:
                errors = self.errors(header["schema"], value)
                require(not errors, f"{name}: {errors}")

    def check_body(self, response, answer):
        media_type = answer.headers.get("content-type", "").split(";")[0]
        content = response.get("content", {})
        require(media_type in content, f"Content-Type {media_type} is not one of {list(content)}")
        if media_type == "application/problem+json":
            return self.check_problem(answer)
        value = strict_json(answer.text) if media_type == "application/json" else answer.text
        errors = self.errors(content[media_type]["schema"], value)
        return require(not errors, "; ".join(errors[:5]))

    def check_problem(self, answer):
        """An answer to something that is no request of a route at all is a problem, too."""
        require(answer.headers.get("content-type") == "application/problem+json", "no problem")
        require("x-request-id" in answer.headers, "no X-Request-Id")
        problem = strict_json(answer.text)
        errors = self.errors(PROBLEM, problem)
        require(not errors, "; ".join(errors[:5]))
        require(problem["status"] == answer.status, "the problem tells another status")
        if answer.status in (429, 503):
            require("retry-after" in answer.headers, "no Retry-After")


def require(condition, message):
    if not condition:
        raise Broken(message)
