"""What a dockerd sets in the kernel's packet filter, so that it can be taken back."""

import ipaddress
import pathlib
import shlex
import subprocess

TABLES = ("filter", "nat")
FORWARDING = pathlib.Path("/proc/sys/net/ipv4/ip_forward")


def read():
    """Everything now, for back_to(); can be written as JSON."""
    rules = {}
    for table in TABLES:
        done = subprocess.run(["iptables-save", "-t", table], capture_output=True, text=True,
                              check=True, timeout=30)
        # ":CHAIN POLICY" and "-A CHAIN …", without the counters.
        rules[table] = [line.split(" [")[0] for line in done.stdout.splitlines()
                        if line.startswith((":", "-A"))]
    return {"rules": rules, "forwarding": FORWARDING.read_text()}


def back_to(before, bridges):
    """Removes the rules of these bridges; and what all dockerds share, unless another had made it before
    or uses it now. What others have made stays."""
    for table, lines in read()["rules"].items():
        rules = [shlex.split(line) for line in lines if line.startswith("-A")]
        subnets = [ipaddress.ip_network(rule[3]) for rule in rules
                   if rule[1:3] == ["POSTROUTING", "-s"] and bridges & set(rule)]
        for rule in rules:
            if bridges & set(rule) or is_to_itself(rule, subnets):
                iptables(table, "-D", *rule[1:])
    now = read()["rules"]
    if not any(is_shared(line) for line in before["rules"]["filter"]) and not any(
            is_shared(line) and {"-i", "-o"} & set(line.split()) for line in sum(now.values(), [])):
        remove_shared(now)
        forward = [line for line in before["rules"]["filter"] if line.startswith(":FORWARD")]
        # A table that nobody has used has no line; it accepts.
        iptables("filter", "-P", "FORWARD", forward[0].split()[1] if forward else "ACCEPT")
        FORWARDING.write_text(before["forwarding"])


def is_to_itself(rule, subnets):
    """Of a container that talks to its own published port: from its address to its address."""
    return (rule[1:3] == ["POSTROUTING", "-s"] and rule[3] in rule[4:] and
            any(ipaddress.ip_network(rule[3]).subnet_of(subnet) for subnet in subnets))


def is_shared(line):
    """Whether it is a chain of the dockerds', or a rule in one or with a way into one."""
    return any(word.lstrip(":").startswith("DOCKER") for word in line.split())


def remove_shared(rules):
    for table, lines in rules.items():
        shared = [shlex.split(line) for line in lines if is_shared(line)]
        for words in shared:
            if words[0] == "-A":
                iptables(table, "-D", *words[1:])
        for words in shared:
            if words[0] != "-A":
                iptables(table, "-X", words[0][1:])


def iptables(table, *arguments):
    subprocess.run(["iptables", "-w", "-t", table, *arguments], check=False, capture_output=True,
                   timeout=30)
