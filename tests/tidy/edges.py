#!/usr/bin/env python3
"""Names every place where src/ breaks a rule of docs/architecture.md that the compiler cannot see.

    edges.py ROOT      ROOT holds src/ and cmake/StockroomModule.cmake
"""
import re
import sys
from pathlib import Path

CLIENT_HEADERS = {
    "amqp.h": "bus_amqp",
    "libpq-fe.h": "store_postgres",
    "openssl/ssl.h": "bus_amqp",
    "sqlite3.h": "store_sqlite",
}
STORES = ("store_sqlite", "store_postgres")
SQL = re.compile(r'"[^"\n]*\b(SELECT\s|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)')
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
JSON_LIBRARY = re.compile(r"\bboost\s*::\s*json\b|<boost/json|\bnlohmann\b|\brapidjson\b")
JSON_LIBRARY_HOMES = ("contract", "http")
JSON_TREE_HOMES = ("contract", "gateway", "generator", "health", "http_client", "stockroom")
MAX_LINES = 500


def allowed_edges(root: Path) -> dict[str, set[str]]:
    """What each module may reach: the table's direct edges, and what those may reach."""
    text = (root / "cmake" / "StockroomModule.cmake").read_text()
    direct = {}
    for name, edges in re.findall(r"set\(stockroom_edges_(\w+)\s*([^)]*)\)", text):
        direct[name] = {edge for edge in edges.replace('"', " ").split() if edge}

    def reach(name: str) -> set[str]:
        found = set()
        for edge in direct[name]:
            found |= {edge} | reach(edge)
        return found

    return {name: reach(name) for name in direct}


def module_of(path: Path) -> tuple[str, bool]:
    """A file's module, and whether it is a main.cpp, which may see the adapters and their wiring."""
    parts = path.parts
    name = parts[1] if parts[0] in ("adapters", "services") else parts[0]
    return name, path.name == "main.cpp"


def violations(root: Path) -> list[str]:
    edges = allowed_edges(root)
    adapters = {name for name in edges if name.startswith(("bus_", "store_", "wiring"))}
    found = []
    for file in sorted((root / "src").rglob("*.[ch]pp")):
        path = file.relative_to(root / "src")
        module, is_main = module_of(path)
        text = file.read_text()

        def report(what: str, where: Path = path) -> None:
            found.append(f"src/{where}: {what}")

        if module not in edges:
            report(f"module {module} is not in the table of cmake/StockroomModule.cmake")
            continue
        allowed = edges[module] | {module} | (adapters if is_main else set())
        for include in INCLUDE.findall(text):
            if include in CLIENT_HEADERS and not (
                module == CLIENT_HEADERS[include] and "include" not in path.parts
            ):
                report(f"only the sources of {CLIENT_HEADERS[include]} may include {include}")
            if include.startswith("stockroom/"):
                target = include.split("/")[1]
                if target not in allowed:
                    report(f"{module} must not include {target} ({include})")
            if include == "stockroom/contract/json.hpp" and module not in JSON_TREE_HOMES:
                report(f"{module} must not handle JSON itself ({include})")
        if module not in STORES and SQL.search(text):
            report("SQL stands outside the store adapters")
        # A test may read what the code wrote by a reader that is not ours.
        is_test = path.name.endswith("_test.cpp")
        if module not in JSON_LIBRARY_HOMES and not is_test and JSON_LIBRARY.search(text):
            report("a JSON library stands outside contract and http")
        if text.count("\n") > MAX_LINES:
            report(f"has more than {MAX_LINES} lines; does it still do one thing?")
    return found


if __name__ == "__main__":
    problems = violations(Path(sys.argv[1]))
    print("\n".join(problems) or "every edge is allowed")
    sys.exit(1 if problems else 0)
