"""What a replay must come to, by the rules of examples/online-retail/README.md, naively."""

import csv
import dataclasses
import decimal
import io
import pathlib

EXAMPLE = (pathlib.Path(__file__).resolve().parents[2] / "examples" / "online-retail" /
           "online-retail-2010-12-01..03.csv")
OPENINGS = (20, 100, 1000)
COLUMNS = ("items", "orders_reserved", "orders_rejected", "units_ordered", "execution_price",
           "credit_notes", "units_returned", "adjustments_applied", "adjustments_refused",
           "on_hand", "held")
# Of the example, each from an empty store.
TABLE = {
    20: (1866, 71, 266, 2878, "9626.34", 36, 10761, 28, 17, 48326, 2878),
    100: (1866, 186, 151, 18068, "43415.05", 36, 10761, 41, 4, 197052, 18068),
    1000: (1866, 334, 3, 66795, "148078.00", 36, 10761, 45, 0, 1875742, 66795),
}


def expected(opening):
    return dict(zip(COLUMNS, TABLE[opening]))


@dataclasses.dataclass
class Item:
    name: str
    price: decimal.Decimal
    on_hand: int
    held: int = 0


@dataclasses.dataclass
class Order:
    reference: str
    customer: str
    state: str
    lines: dict  # SKU → quantity
    price: decimal.Decimal


class Model:
    def __init__(self, data, opening):
        """Replays the file's bytes onto an empty store."""
        text = data.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.items = self.make_items(rows, opening)
        self.orders = []
        self.requests = {"items": len(self.items), "invoices": 0}
        self.credit_notes = self.returned = self.applied = self.refused = 0
        for number in dict.fromkeys(row["InvoiceNo"] for row in rows):
            lines = [row for row in rows if row["InvoiceNo"] == number]
            if number.startswith("C"):
                self.take_credit_note(lines)
            else:
                self.take_invoice(number, lines)

    @staticmethod
    def make_items(rows, opening):
        items = {}
        for row in rows:
            sku = row["StockCode"].strip()
            item = items.setdefault(sku, Item("", decimal.Decimal(0), opening))
            # A name is one line of 200 characters at most.
            name = "".join(" " if ord(c) < 32 or ord(c) == 127 else c for c in row["Description"])
            if not item.name and name.strip():
                item.name = name[:200]
        for sku, item in items.items():
            prices = [decimal.Decimal(row["UnitPrice"]) for row in rows
                      if row["StockCode"].strip() == sku]
            positive = [price for price in prices if price > 0]
            if positive:
                item.price = positive[0].quantize(decimal.Decimal("0.01"),
                                                  decimal.ROUND_HALF_UP)
        return items

    def take_credit_note(self, lines):
        self.credit_notes += 1
        for row in lines:
            quantity = int(row["Quantity"])
            if quantity < 0:
                self.requests["invoices"] += 1
                self.items[row["StockCode"].strip()].on_hand -= quantity
                self.returned -= quantity

    def take_invoice(self, number, lines):
        wanted = {}
        for row in lines:
            sku, quantity = row["StockCode"].strip(), int(row["Quantity"])
            if quantity < 0 or decimal.Decimal(row["UnitPrice"]) <= 0:
                self.adjust(self.items[sku], quantity)
            else:
                wanted[sku] = wanted.get(sku, 0) + quantity
        if wanted:
            customer = next((row["CustomerID"].strip() for row in lines
                             if row["CustomerID"].strip()), "")
            self.place(number, customer, wanted)

    def adjust(self, item, quantity):
        self.requests["invoices"] += 1
        if item.on_hand + quantity < item.held:
            self.refused += 1
        else:
            item.on_hand += quantity
            self.applied += 1

    def place(self, number, customer, wanted):
        self.requests["invoices"] += 1
        price = sum(self.items[sku].price * quantity for sku, quantity in wanted.items())
        has_stock = all(self.items[sku].on_hand - self.items[sku].held >= quantity
                        for sku, quantity in wanted.items())
        if has_stock:
            for sku, quantity in wanted.items():
                self.items[sku].held += quantity
        state = "confirmed" if has_stock else "rejected"
        self.orders.append(Order(number, customer, state, wanted, price))

    def result(self):
        reserved = [order for order in self.orders if order.state == "confirmed"]
        price = sum((order.price for order in reserved), decimal.Decimal("0.00"))
        return dict(zip(COLUMNS, (
            len(self.items), len(reserved), len(self.orders) - len(reserved),
            sum(sum(order.lines.values()) for order in reserved), f"{price:.2f}",
            self.credit_notes, self.returned, self.applied, self.refused,
            sum(item.on_hand for item in self.items.values()),
            sum(item.held for item in self.items.values()))))
