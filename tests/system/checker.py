"""Whether a system kept what it told a crowd (DESIGN: invariants 1 to 4, as its users see them)."""

import collections
import concurrent.futures
import dataclasses
import http.client
import time

import client as clients


NOTES_MAX = 10  # of each kind


@dataclasses.dataclass
class Findings:
    attempted: int = 0
    acknowledged: int = 0
    lost: int = 0
    duplicated: int = 0
    recovered: int = 0  # settled though they were cut off, timed out or turned away at first
    # Of who listens to GET /v1/events: events, and how often it went on after a cut.
    missed: int = 0
    repeated: int = 0
    resumed: int = 0
    notes: list = dataclasses.field(default_factory=list)

    def note(self, text):
        self.notes.append(text)

    def is_clean(self):
        return not (self.lost or self.duplicated or self.missed or self.repeated or self.notes)

    def __str__(self):
        counts = ", ".join(f"{name} {getattr(self, name)}" for name in (
            "attempted", "acknowledged", "lost", "duplicated", "recovered", "missed", "repeated",
            "resumed"))
        shown = self.notes[:3 * NOTES_MAX]
        return "\n".join([counts, *shown, *(["…"] if len(self.notes) > len(shown) else [])])


class Checker:
    """`client`: of client.py, to the system when all of it runs again."""

    def __init__(self, crowd, client, settle_seconds=60):
        self.crowd, self.client, self.settle_seconds = crowd, client, settle_seconds
        self.findings = Findings()
        self.wishes = crowd.wishes
        self.steps = collections.defaultdict(dict)  # by order, then kind
        for wish in self.wishes:
            if wish.target.startswith("/v1/orders/"):
                self.steps[wish.target.split("/")[3]][wish.kind] = wish
        self.outcomes = {}  # by command

    def check(self):
        self.count()
        self.read_outcomes()
        self.check_outcomes()
        self.check_orders()
        self.check_stock()
        return self.findings

    def count(self):
        self.findings.attempted = len(self.wishes)
        for wish in self.wishes:
            if wish.status:
                self.findings.acknowledged += 1
                self.findings.recovered += bool(wish.troubles)
            else:
                self.findings.note(f"never answered: {wish.key} after {wish.troubles[-5:]}")
            for contradiction in wish.contradictions:
                self.findings.note(f"{wish.key}: {contradiction}")

    # Every accepted command has an outcome, and it is the one that was told.

    def read_outcomes(self):
        deadline = time.monotonic() + self.settle_seconds
        wishes = [wish for wish in self.wishes if wish.accepted or wish.status]
        parts = [wishes[i::8] for i in range(8)]
        with concurrent.futures.ThreadPoolExecutor(len(parts)) as pool:
            for found in pool.map(lambda part: self.read_outcomes_of(part, deadline), parts):
                self.outcomes.update(found)

    def read_outcomes_of(self, wishes, deadline):
        connection = http.client.HTTPConnection(*self.client.address, timeout=30)
        found = {}
        for wish in wishes:
            while True:
                connection.request("GET", f"/v1/commands/{wish.command}")
                response = connection.getresponse()
                command = clients.strict_json(response.read().decode())
                if response.status == 200 and command["state"] == "done":
                    found[wish.command] = command["outcome"]
                    break
                if time.monotonic() > deadline or command.get("state") == "dead":
                    break
                time.sleep(0.05)
        connection.close()
        return found

    def check_outcomes(self):
        for wish in self.wishes:
            if not wish.status and not wish.accepted:
                continue
            outcome = self.outcomes.get(wish.command)
            if outcome is None:
                self.findings.lost += 1
                if self.findings.lost <= NOTES_MAX:
                    self.findings.note(f"no outcome: {wish.kind} {wish.command}, told {wish.status} "
                                       f"after {wish.troubles[-5:]}")
            elif wish.status and not is_as_told(wish, outcome):
                self.findings.note(f"{wish.kind} {wish.command} was told {wish.status} "
                                   f"{wish.answer}, its outcome is {outcome}")

    # Every order that a client was told about exists exactly once.

    def check_orders(self):
        orders = collections.defaultdict(list)
        for order in self.client.pages("/v1/orders?limit=500", "orders"):
            orders[order.get("reference")].append(order)
        placed = {wish.reference: wish for wish in self.wishes if wish.kind == "place_order"}
        for reference, wish in placed.items():
            found = orders.pop(reference, [])
            self.findings.duplicated += max(len(found) - 1, 0)
            if wish.command not in [order["id"] for order in found]:
                if wish.command in self.outcomes or wish.status in (201, 409):
                    self.findings.lost += 1
                    self.findings.note(f"no order: {wish.command}, told {wish.status}")
                continue
            steps = self.steps_of(wish)
            if found[0]["state"] not in states_after(wish, steps):
                self.findings.note(f"order {wish.command} is {found[0]['state']}, told otherwise")
            if wish.status == 201 and not steps and found[0] != wish.answer:
                self.findings.note(f"order {wish.command} is {found[0]}, told {wish.answer}")
        strangers = [order["id"] for rows in orders.values() for order in rows]
        if strangers:
            self.findings.note(f"orders that nobody placed: {strangers[:NOTES_MAX]}")

    def steps_of(self, order):
        return self.steps.get(order.command, {})

    # Nothing is oversold; ledger, levels and holds agree with what was told.

    def check_stock(self):
        expected = collections.Counter(self.crowd.scarce)
        for sku in self.crowd.plenty:
            expected[sku] += self.crowd.opening
        held = collections.Counter()
        for wish in self.wishes:
            outcome = self.outcomes.get(wish.command)
            if outcome is None or wish.status not in (200, 201, 202):
                continue
            if wish.kind == "receive_stock":
                expected[wish.body["sku"]] += wish.body["quantity"]
            elif wish.kind == "create_item":
                expected[wish.body["sku"]] += wish.body["opening"][0]["quantity"]
            elif wish.kind == "place_order" and outcome["code"] != "rejected":
                steps = self.steps_of(wish)
                for line in wish.body["lines"]:
                    if "fulfil_order" in steps:
                        expected[line["sku"]] -= line["quantity"]
                    elif "cancel_order" not in steps:
                        held[line["sku"]] += line["quantity"]
        for sku, on_hand in expected.items():
            if self.client.get(f"/v1/items/{sku}", status=None).status != 200:
                self.findings.lost += 1
                self.findings.note(f"no item: {sku}")
                continue
            try:
                books = self.client.check_books(sku)
            except AssertionError as error:
                self.findings.note(f"the books of {sku} do not agree: {error}")
                continue
            if books[:2] != (on_hand, held[sku]):
                self.findings.duplicated += books[0] > on_hand
                self.findings.note(f"{sku} has {books[0]}, {books[1]} held, "
                                   f"by what was told it is {on_hand}, {held[sku]}")


def is_as_told(wish, outcome):
    if (outcome["id"], outcome["kind"]) != (wish.command, wish.kind):
        return False
    if wish.status == 202:
        return outcome["code"] not in ("invalid", "idempotency_key_reused")
    if wish.status == 409:
        return outcome["code"] == "rejected" and wish.answer["order_id"] == wish.command
    return wish.status in (200, 201) and outcome.get("result") == wish.answer


def states_after(wish, steps):
    """In what an order can be after what was told."""
    if "fulfil_order" in steps:
        return {"fulfilled"}
    if "cancel_order" in steps:
        return {"cancelled"}
    if "confirm_order" in steps or wish.body.get("confirm"):
        return {"confirmed", "rejected"} if wish.status == 202 else (
            {"rejected"} if wish.status == 409 else {"confirmed"})
    return {202: {"reserved", "rejected"}, 201: {"reserved"}}.get(wish.status, {"rejected"})
