"""./dev up, status, logs and down."""

import argparse
import os
import subprocess
import sys
import threading

from local.errors import LocalError
from local.ports import LAST as PORT_LAST
from local.system import PORTS, REPLICAS_MAX, SERVERS, SERVICES, System, check_owner

# What it means that none of a service's replicas runs.
WITHOUT = {
    "gateway": "nothing answers HTTP",
    "catalogue": "what creates or changes items waits in its queue",
    "stock": "what receives, counts or moves stock waits in its queue",
    "orders": "orders wait in their queue",
    "records": "what inserts or deletes records waits in its queue",
    "relay": "events wait in the log, and reads are answered by the store alone",
    "health": "nobody watches the parts",
    "generator": "no orders are generated",
}
LOG_LINES = 200


def say(text):
    print(text, file=sys.stderr, flush=True)


def main():
    arguments = parse()
    try:
        check_owner(arguments.folder)
        system = System(arguments.folder, arguments.bin)
        if system.trouble and arguments.verb != "down":
            raise LocalError(system.trouble)
        if arguments.check:
            return 0
        return VERBS[arguments.verb](system, arguments)
    except LocalError as error:
        say(f"dev: {error}")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has gone
    except OSError as error:
        say(f"dev: {error.filename or arguments.folder}: {error.strerror or error}")
    except KeyboardInterrupt:
        say("dev: interrupted; ./dev status says what runs, ./dev down stops it")
    return 1


class Parser(argparse.ArgumentParser):
    def error(self, message):
        say(f"dev: {message}; see {self.prog} --help")
        sys.exit(2)


def parse():
    parser = Parser(prog="./dev", add_help=False, allow_abbrev=False)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--check", action="store_true", help="only look whether all of it can be done")
    verbs = parser.add_subparsers(dest="verb", required=True, parser_class=Parser)
    up = verbs.add_parser("up", add_help=False, allow_abbrev=False)
    up.add_argument("--scale", action="append", default=[], type=scale, metavar="NAME=N")
    up.add_argument("--port", type=port)
    verbs.add_parser("status", add_help=False, allow_abbrev=False)
    logs = verbs.add_parser("logs", add_help=False, allow_abbrev=False)
    logs.add_argument("name", metavar="NAME")
    logs.add_argument("-f", "--follow", action="store_true")
    down = verbs.add_parser("down", add_help=False, allow_abbrev=False)
    down.add_argument("--data", action="store_true")
    arguments, unknown = parser.parse_known_args()
    if unknown:
        verbs.choices[arguments.verb].error(f"it knows no {' '.join(unknown)}")
    return arguments


def scale(text):
    name, _, number = text.partition("=")
    if name not in SERVICES:
        raise argparse.ArgumentTypeError(
            f"there is no service '{name}' to scale, only {', '.join(SERVICES)}")
    if not number.isdigit() or not 0 <= int(number) <= REPLICAS_MAX:
        raise argparse.ArgumentTypeError(f"{name} can have 0 to {REPLICAS_MAX} replicas, not '{number}'")
    return name, int(number)


def port(text):
    if not text.isdigit() or not 1024 <= int(text) <= PORT_LAST - PORTS:
        raise argparse.ArgumentTypeError(f"must be 1024 to {PORT_LAST - PORTS}, not '{text}'")
    return int(text)


def up(system, arguments):
    with system.alone():
        system.configure(arguments.port, dict(arguments.scale))
        system.up(say)
    status(system, arguments)
    for name in system.absent():
        print(f"No {name} runs: {WITHOUT[name]}; ./dev up --scale {name}=1 starts one")
    print(what_to_try(system))
    return 0


def status(system, _):
    if not system.exists:
        print("Nothing was ever started here; ./dev up starts it")
        return 1
    rows = [("SERVICE", "PID", "PORT", "STATE")]
    parts = system.parts()
    for name, pid, port_number, unready in parts:
        state = "ready" if unready is None else unready if pid is None else f"not ready: {unready}"
        rows.append((name, str(pid or "-"), str(port_number), state))
    for name in system.absent():
        rows.append((name, "-", "-", f"none wanted (--scale {name}=0)"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[3]]))
    return 0 if all(unready is None for *_, unready in parts) else 1


def logs(system, arguments):
    paths = system.log_paths(arguments.name)
    if not paths:
        raise LocalError(f"'{arguments.name}' has no log here; one of "
                         f"{', '.join((*SERVICES, *SERVERS))} may have")
    command = ["tail", "-n", str(LOG_LINES), *(["-F"] if arguments.follow else [])]
    if len(paths) == 1:
        os.execvp("tail", [*command, str(paths[0])])
    if not arguments.follow:
        for path in paths:
            print_log(command, path)
        return 0
    readers = [threading.Thread(target=print_log, args=([*command, f"--pid={os.getpid()}"], path),
                                daemon=True) for path in paths]
    try:
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    except KeyboardInterrupt:
        pass
    return 0


def print_log(command, path):
    """Each line with whose it is."""
    with subprocess.Popen([*command, str(path)], stdout=subprocess.PIPE, text=True,
                          errors="replace") as tail:
        for line in tail.stdout:
            sys.stdout.write(f"{path.stem}  {line}")
            sys.stdout.flush()


def down(system, arguments):
    # It may run though its folder was removed.
    if not system.exists and not system.running() and not system.store.data.exists():
        say("Nothing was ever started here")
        return 0
    with system.alone():
        system.down(say)
        if arguments.data:
            system.remove()
    say("Stopped, and its data removed" if arguments.data else
        "Stopped; the data stays for the next ./dev up")
    return 0


def what_to_try(system):
    url, folder, binaries = system.url, shown(system.folder), shown(system.binaries)
    more = f"""\
  broker   http://127.0.0.1:{system.broker.ports.management}, user stockroom, password in {folder}/broker/password

./dev status shows it, ./dev logs orders -f reads along, ./dev down stops it."""
    if "gateway" in system.absent():
        return f"\nStockroom is running, without a gateway\n\n{more}"
    return f"""
Stockroom is running on {url}

  item     curl -s {url}/v1/items -H 'Content-Type: application/json' \\
                -d '{{"sku":"IB1","price":"25.00","opening":[{{"location":"main","quantity":50}}]}}'
  order    curl -s {url}/v1/orders -H 'Content-Type: application/json' \\
                -d '{{"customer":"c-17","lines":[{{"sku":"IB1","quantity":2}}]}}'
  example  {binaries}/stockroom replay examples/online-retail/*.csv --opening 100 --url {url}
  crowd    {binaries}/stockroom stress --buyers 300 --units 100 --url {url}
  proof    STOCKROOM_STORE_URL=$(cat {folder}/store.url) {binaries}/stockroom audit
{more}"""


def shown(path):
    """As one would type it here."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


VERBS = {"up": up, "status": status, "logs": logs, "down": down}

if __name__ == "__main__":
    sys.exit(main())
