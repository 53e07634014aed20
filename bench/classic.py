"""The routes of the classic interface, at 64 connections."""

import json

from programs import READERS, SKU_PREFIX, progress

ITEM = {"sku": f"{SKU_PREFIX}{{n}}", "name": "Apple juice", "label": "juice", "price": 1.25,
        "quantity": 1_000_000_000}
# Each with its body, in an order in which each finds what it needs.
ROUTES = {
    "/get_active": None,
    "/healthcheck": None,
    "/health_check?message=hello": None,
    "/create_item": ITEM,
    "/buy_now": {"sku": f"{SKU_PREFIX}{{n}}", "customer": "bench"},
    "/order_processing": None,
    "/stock_management": {"sku": f"{SKU_PREFIX}{{n}}"},
    "/insert_record": {"Name": "bench", "SRN": "bench-{n}", "Section": "A"},
    "/read_database": None,
}


def measure(load, port):
    """What the load generator saw of each route. Fails when one is answered 5xx."""
    found = {}
    for route, body in ROUTES.items():
        progress(f"  classic: {route}")
        options = ["--path", route] + (["--body", json.dumps(body)] if body else [])
        found[route] = load(port, READERS, *options)
        wrong = [status for status in found[route]["statuses"] if status >= "300"]
        if wrong:
            raise SystemExit(f"bench: {route} was answered {found[route]['statuses']}")
    return found
