"""What the images are and hold, by what the engine says of them, and how their containers live."""

import json
import pathlib
import re
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000
OVER_BASE_MAX = 30 * MEGABYTE
GRACE_SECONDS = 10
CONFINED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
NOWHERE = ("--env", "STOCKROOM_STORE_URL=postgres://nobody@127.0.0.1:1/none",
           "--env", "STOCKROOM_BUS_URL=amqp://127.0.0.1:1/none")
# What installing a package and making a user change besides.
BOOKKEEPING = re.compile(r"etc/(passwd|group|shadow|gshadow)-?|etc/sub[ug]id-?|etc/ld\.so\.cache|"
                         r"var/lib/dpkg/.*|var/lib/apt/.*|var/cache/.*|var/lib/systemd/.*|"
                         r"\.dockerenv|etc/(hosts|hostname|resolv\.conf|mtab)|dev/.*|proc/.*|sys/.*")


def binary_of(service):
    return "stockroom" if service == "stockroom" else f"stockroom-{service}"


def services(harness):
    return [name for name in harness.images if name != "stockroom"]


def look_into(run, image):
    """A container in which nothing runs, as root."""
    return run(image, "infinity", options=("--user", "0", "--entrypoint", "sleep", "--no-healthcheck",
                                           "--network", "none"))


def shell(docker, container, command):
    return docker("exec", container, "sh", "-c", command)


def files(docker, container):
    """Path → size and time, for all that is no folder."""
    found = shell(docker, container, "find / -xdev ! -type d -printf '%P|%s|%T@\\n'")
    return dict(line.split("|", 1) for line in found.splitlines())


def packages(docker, container):
    return set(shell(docker, container, "dpkg-query -W -f '${Package}\\n'").split())


def package_files(docker, container, of):
    listed = shell(docker, container, f"dpkg-query -L {' '.join(sorted(of))}").split()
    # /lib and its like are links into /usr now, and packages do not all know it.
    return {re.sub("^/(lib|bin|sbin)", r"/usr/\1", path) for path in listed}


def dependencies(docker, container, of):
    """The closure of their Depends, alternatives included."""
    text = shell(docker, container, "dpkg-query -W -f '${Package}|${Pre-Depends}, ${Depends}\\n'")
    depends = {}
    for line in text.splitlines():
        name, _, rest = line.partition("|")
        depends[name] = set(re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9.+-]*)", rest))
    found, left = set(), list(of)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += depends.get(name, ())
    return found


def linked_packages(docker, container, binary):
    """The packages of every library that is loaded with the binary."""
    libraries = shell(docker, container, f"ldd /usr/local/bin/{binary}")
    assert "not found" not in libraries
    names = re.findall(r"^\s*(lib\S+) => /", libraries, re.MULTILINE)
    assert "libc.so.6" in names
    owners = shell(docker, container, f"dpkg-query -S {' '.join('*/' + name for name in names)}")
    return {line.split(":")[0] for line in owners.splitlines()}


def test_every_program_has_an_image(harness):
    programs = {path.parent.name for path in ROOT.glob("src/services/*/main.cpp")}
    assert {"gateway", "catalogue", "stock", "orders", "relay"} <= programs
    assert set(harness.images) == {"stockroom"} | programs


def test_the_images_are_small(harness, docker):
    base = docker.inspect(harness.base_image, "image")["Size"]
    over = {name: docker.inspect(image, "image")["Size"] - base
            for name, image in harness.images.items()}
    print(f"base {base / MEGABYTE:.1f} MB; over it {over}")
    assert all(0 < size <= OVER_BASE_MAX for size in over.values()), over


def test_they_are_configured_to_be_run_as_they_are(harness, docker):
    for name, image in harness.images.items():
        config = docker.inspect(image, "image")["Config"]
        entry = ["stockroom"] if name == "stockroom" else ["service"]
        serve = ["stockroom", "serve"] if name == "stockroom" else ["service"]
        assert config["Entrypoint"] == entry
        assert config["Cmd"] == (["serve"] if name == "stockroom" else None)
        assert config["Healthcheck"]["Test"] == ["CMD", *serve, "--check", "readyz"]
        assert config["User"] == "10001:10001"
        assert config["StopSignal"] == "SIGTERM"
        assert list(config["ExposedPorts"]) == ["8080/tcp"]
        assert "STOCKROOM_LISTEN=0.0.0.0:8080" in config["Env"]
        assert list(config["Volumes"] or {}) == (
            ["/var/lib/stockroom"] if name == "stockroom" else [])


def test_their_labels_say_what_they_are(harness, docker):
    for name, image in harness.images.items():
        labels = {key.removeprefix("org.opencontainers.image."): value
                  for key, value in docker.inspect(image, "image")["Config"]["Labels"].items()}
        assert set(labels) == {"title", "description", "licenses", "source", "version", "revision"}
        assert labels["title"] == binary_of(name)
        assert labels["licenses"] == "MIT"
        assert all(labels.values())
        version = docker("run", "--rm", "--network", "none", *CONFINED, image, "--version")
        assert version == f"{binary_of(name)} {labels['version']}\n"


def test_they_hold_one_binary_and_what_it_links(harness, docker, run):
    base = look_into(run, harness.base_image)
    base_packages, base_files = packages(docker, base), files(docker, base)
    for name, image in harness.images.items():
        container = look_into(run, image)
        new = packages(docker, container) - base_packages
        linked = linked_packages(docker, container, binary_of(name))
        assert new <= dependencies(docker, container, linked & new), (name, new - linked)
        of_packages = package_files(docker, container, new)
        others = {path for path, what in files(docker, container).items()
                  if base_files.get(path) != what and f"/{path}" not in of_packages
                  and not BOOKKEEPING.fullmatch(path)}
        ours = {binary_of(name)} if name == "stockroom" else {binary_of(name), "service"}
        assert others == {f"usr/local/bin/{path}" for path in ours}, name


def test_help_needs_nothing(harness, docker):
    for name, image in harness.images.items():
        text = docker("run", "--rm", "--network", "none", *CONFINED, image, "--help")
        assert binary_of(name) in text
    assert "audit" in docker("run", "--rm", harness.images["stockroom"], "--help")


def test_services_tell_what_is_away_and_end_when_asked(harness, docker, run):
    containers = {name: run(name, options=(*CONFINED, *NOWHERE)) for name in services(harness)}
    for name, container in containers.items():
        docker.wait_until(lambda c=container: docker.state(c)["Health"]["Log"], container)
        check = docker.state(container)["Health"]["Log"][0]
        if name == "generator":  # which only talks to the gateway, once it is started
            assert check["ExitCode"] == 0, check
        else:
            assert check["ExitCode"] == 1 and "/readyz: " in check["Output"], (name, check)
        docker("exec", container, "service", "--check", "livez")
    docker("stop", "--time", GRACE_SECONDS, *containers.values(), seconds=180)
    for name, container in containers.items():
        assert docker.state(container)["ExitCode"] == 0, (name, docker.logs(container))


def test_a_service_without_its_settings_says_which(harness, docker):
    for name in services(harness):
        wrong, told = ((), "STOCKROOM_STORE_URL")
        if name == "generator":  # it has a default for all of them
            wrong, told = (("--env", "STOCKROOM_GATEWAY_URL=nonsense"), "gateway-url")
        done = docker.run("run", "--rm", *CONFINED, *wrong, harness.images[name])
        assert done.returncode == 2, (name, done.stderr)
        assert told in done.stderr, (name, done.stderr)


class Embedded:
    def __init__(self, docker, run, volume):
        self.docker = docker
        self.container = run("stockroom", options=(
            *CONFINED, "--publish", "127.0.0.1:0:8080", "--volume", f"{volume}:/var/lib/stockroom"))
        docker.wait_until_healthy(self.container)

    def ask(self, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.docker.port(self.container)}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def stop(self):
        self.docker("stop", "--time", GRACE_SECONDS, self.container)
        assert self.docker.state(self.container)["ExitCode"] == 0, self.docker.logs(self.container)


def test_the_embedded_shape_keeps_its_data_in_the_volume(harness, docker, run, volume):
    first = Embedded(docker, run, volume)
    first.ask("/v1/items", {"sku": "IB1", "price": "25.00",
                            "opening": [{"location": "main", "quantity": 50}]})
    order = first.ask("/v1/orders", {"lines": [{"sku": "IB1", "quantity": 2}]})
    assert order["execution_price"] == "50.00"
    first.stop()

    second = Embedded(docker, run, volume)
    assert second.ask(f"/v1/orders/{order['id']}") == order
    assert second.ask("/v1/items/IB1/stock")["available"] == 48
    # The books of the store that is in use, by a container of their own.
    audit = docker("run", "--rm", *CONFINED, "--network", "none", "--volume",
                   f"{volume}:/var/lib/stockroom", harness.images["stockroom"], "audit", "--json")
    assert json.loads(audit)["ok"] is True
    second.stop()


def test_the_embedded_shape_runs_without_any_option(docker, run):
    container = run("stockroom", options=("--publish", "127.0.0.1:0:8080"))
    docker.wait_until_healthy(container)
    assert docker("exec", container, "id", "-u").strip() == "10001"
    assert docker.run("exec", container, "touch", "/usr/local/bin/stockroom").returncode == 1
