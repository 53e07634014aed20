"""The rules of edges.py hold for this repository, and each of them can fail."""
from pathlib import Path

import pytest

from edges import MAX_LINES, violations

ROOT = Path(__file__).parents[2]

TABLE = """
set(stockroom_edges_base "")
set(stockroom_edges_domain base)
set(stockroom_edges_contract domain)
set(stockroom_edges_ports domain)
set(stockroom_edges_store_sqlite ports)
set(stockroom_edges_orders ports contract)
set(stockroom_edges_stock ports contract)
"""

BROKEN = {
    "domain sees the bus": ("domain/rule.cpp", '#include "stockroom/ports/bus.hpp"\n',
                            "domain must not include ports"),
    "a port sees an adapter": ("ports/bus.hpp", '#include "stockroom/store_sqlite/sqlite.hpp"\n',
                               "ports must not include store_sqlite"),
    "a service sees a service": ("services/orders/a.cpp", '#include "stockroom/stock/stock.hpp"\n',
                                 "orders must not include stock"),
    "a service's library sees an adapter": (
        "services/orders/a.cpp", '#include "stockroom/store_sqlite/sqlite.hpp"\n',
        "orders must not include store_sqlite"),
    "a client library outside its adapter": ("services/orders/a.cpp", "#include <sqlite3.h>\n",
                                             "only the sources of store_sqlite may include sqlite3.h"),
    "a client library in a public header": (
        "adapters/store_sqlite/include/stockroom/store_sqlite/sqlite.hpp", "#include <sqlite3.h>\n",
        "only the sources of store_sqlite may include sqlite3.h"),
    "SQL outside a store": ("services/stock/a.cpp", 'auto q = "SELECT sku FROM items";\n',
                            "SQL stands outside"),
    "a JSON library outside its homes": ("services/stock/a.cpp", "#include <boost/json.hpp>\n",
                                         "a JSON library stands outside"),
    "a JSON tree in a port": ("services/stock/a.cpp", '#include "stockroom/contract/json.hpp"\n',
                              "stock must not handle JSON itself"),
    "a module nobody knows": ("misc/a.cpp", "\n", "module misc is not in the table"),
    "a file too long": ("domain/long.cpp", "\n" * (MAX_LINES + 1), "has more than"),
}


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in {"cmake/StockroomModule.cmake": TABLE, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_this_repository_keeps_its_edges():
    assert violations(ROOT) == []


@pytest.mark.parametrize("file, text, expected", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_edge_is_named(tmp_path, file, text, expected):
    found = violations(tree(tmp_path, {f"src/{file}": text}))
    assert len(found) == 1
    assert found[0].startswith(f"src/{file}: ")
    assert expected in found[0]


def test_a_main_may_wire_in_adapters(tmp_path):
    text = '#include "stockroom/store_sqlite/sqlite.hpp"\n'
    assert violations(tree(tmp_path, {"src/services/orders/main.cpp": text})) == []
