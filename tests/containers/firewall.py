"""What a dockerd sets in the kernel's packet filter, so that it can be taken back."""

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


def back_to(before, bridge):
    """Removes what was not there before and is a dockerd's; what others have made meanwhile stays. When
    there was a dockerd before, only what names this bridge is removed."""
    is_only_one = not any(":DOCKER" in line for lines in before["rules"].values() for line in lines)
    now = read()["rules"]
    for table, lines in now.items():
        new = [line for line in lines if line not in before["rules"][table]]
        for line in new:
            words = shlex.split(line)
            if words[0] == "-A" and (bridge in words or is_only_one and is_dockers(words)):
                iptables(table, "-D", *words[1:])
        if is_only_one:
            chains = [line[1:].split()[0] for line in new if line.startswith(":DOCKER")]
            for action in ("-F", "-X"):
                for chain in chains:
                    iptables(table, action, chain)
    if is_only_one:
        forward = [line for line in before["rules"]["filter"] if line.startswith(":FORWARD")]
        # A table that nobody has used has no line; it accepts.
        iptables("filter", "-P", "FORWARD", forward[0].split()[1] if forward else "ACCEPT")
        FORWARDING.write_text(before["forwarding"])


def is_dockers(words):
    if any(word.startswith(("DOCKER", "br-")) for word in words):
        return True
    # A container that talks to its own published port: from its address to its address.
    return words[1:3] == ["POSTROUTING", "-s"] and words[-1] == "MASQUERADE" and words[3] in words[4:]


def iptables(table, *arguments):
    subprocess.run(["iptables", "-w", "-t", table, *arguments], check=False, capture_output=True,
                   timeout=30)
