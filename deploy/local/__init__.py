"""A whole Stockroom on one machine: a private RabbitMQ node, a private PostgreSQL cluster, and every
service as a process. `./dev up` runs it, and the tests use the same parts. Needs nothing but Python's
standard library and Debian's rabbitmq-server and postgresql-15, whose own instances it never touches.
"""

from local.broker import Broker
from local.errors import LocalError
from local.store import Store

__all__ = ["Broker", "LocalError", "Store"]
