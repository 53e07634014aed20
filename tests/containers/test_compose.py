"""The compose file: what it starts, who can reach it, and that it loses nothing whatever is killed."""

import concurrent.futures
import datetime
import json
import stat
import urllib.request

import pytest
import yaml

from compose import SERVERS, Compose, new_system, seed

from campaign import Campaign
from client import Client, eventually
from contract import Contract
from command import only_object
from replay_model import EXAMPLE

ORDERS = 4000
INVOICES = 50
PATIENCE_SECONDS = 30  # with a connection that shall be made
NO_ANSWER_SECONDS = 4  # of one that shall not


@pytest.fixture(scope="module")
def next_tag(harness):
    """Of images that are others, and hold the same."""
    tag = f"{harness.environment['STOCKROOM_TAG']}-next"
    images = {image: f"{image.rpartition(':')[0]}:{tag}" for image in harness.images.values()}
    for image, other in images.items():
        harness.docker("build", "--tag", other, "-", input=f"FROM {image}\nLABEL next=yes\n")
    yield tag
    harness.docker("image", "rm", *images.values())


@pytest.fixture(scope="module")
def system(harness, next_tag, tmp_path_factory):
    system = new_system(harness, tmp_path_factory.mktemp("compose"), "compose")
    yield system
    system.remove()


def test_without_passwords_it_says_what_to_do(harness, tmp_path):
    system = Compose(harness, tmp_path, "none")
    done = system.run("up", "-d")
    assert done.returncode == 1
    assert "run ./dev compose init" in done.stderr
    system.env_file.write_text("STOCKROOM_STORE_PASSWORD=x\n")
    done = system.run("config")
    assert done.returncode != 0
    assert "run ./dev compose init" in done.stderr


def test_init_makes_passwords_once(harness, tmp_path):
    system = Compose(harness, tmp_path, "init")
    assert "Made" in system("init")
    made = system.env_file.read_text()
    passwords = [line.partition("=")[2] for line in made.splitlines() if not line.startswith("#")]
    assert len(passwords) == len(set(passwords)) == 6
    assert all(len(password) == 32 for password in passwords)
    assert stat.S_IMODE(system.env_file.stat().st_mode) == 0o600
    assert "stays as it is" in system("init")
    assert system.env_file.read_text() == made


def test_all_of_it_is_healthy(system, harness):
    assert set(system.services) == set(harness.images) - {"stockroom"}
    for part in [*system.services, *SERVERS]:
        system.wait_until_healthy(part)
    for port in (system.port, system.port + 1):
        client = Client(f"http://127.0.0.1:{port}", Contract())
        assert client.get("/readyz").json == {"status": "ok"}
        client.close()
    assert harness.docker.state(system.container("migrate"))["ExitCode"] == 0


def test_the_classic_interface_answers_this_machine_at_its_port(system):
    def ask(path):
        url = f"http://127.0.0.1:{system.port + 1}{path}"
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            return json.load(answer)

    assert ask("/get_active") == {"server_name": "Producer", "status": "active"}
    assert ask("/healthcheck") == {"message": "Health check message sent"}
    assert ask("/read_database") == []


def test_each_is_started_after_what_it_needs(system, harness):
    def when(part, what):
        return datetime.datetime.fromisoformat(harness.docker.state(system.container(part))[what])

    assert when("store", "StartedAt") < when("migrate", "StartedAt")
    first = min(when(service, "StartedAt") for service in system.services)
    assert when("broker", "StartedAt") < first
    assert when("migrate", "FinishedAt") <= first
    assert max(system.services, key=lambda service: when(service, "StartedAt")) == "gateway"


def test_each_is_built_as_what_it_is(system):
    """Where Compose builds it, and not deploy/docker/build."""
    config = yaml.safe_load(system("config"))["services"]
    for service in system.services:
        build = config[service]["build"]
        assert build["target"] == build["args"]["SERVICE"] == service


def test_only_the_gateway_is_published_and_that_on_loopback(system, harness):
    published = {}
    for part in [*system.services, *SERVERS]:
        bindings = harness.docker.inspect(system.container(part))["HostConfig"]["PortBindings"] or {}
        published[part] = [(b["HostIp"], int(b["HostPort"])) for ports in bindings.values() for b in ports]
    assert sorted(published.pop("gateway")) == [("127.0.0.1", system.port), ("127.0.0.1", system.port + 1)]
    assert not any(published.values()), published


def test_every_container_is_confined(system):
    for part in [*system.services, *SERVERS, "migrate"]:
        check_confined(system, part)


def check_confined(system, part):
    inspected = system.docker.inspect(system.container(part))
    host = inspected["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"] and not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert not host["Privileged"]
    assert inspected["Config"]["User"] not in ("", "root", "0")
    assert host["Memory"] > 0 and host["NanoCpus"] > 0 and host["PidsLimit"] > 0
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "5"}}
    assert host["RestartPolicy"]["Name"] == ("no" if part == "migrate" else "unless-stopped")


def test_who_can_reach_whom(system, harness, run):
    """By connections that are tried from each network, and that others of the same container make."""
    broker, store = system.address("broker", "bus"), system.address("store", "services")
    of_broker = [(broker, 5672), (broker, 15672), ("broker", 5672)]
    of_store = [(store, 5432), ("store", 5432)]

    def reached(network, *, can, cannot):
        """Which of them, all tried at once."""
        attempts = [f"(timeout {seconds} bash -c 'exec 3<>/dev/tcp/{host}/{port}' && echo {host} {port}) &"
                    for targets, seconds in ((can, PATIENCE_SECONDS), (cannot, NO_ANSWER_SECONDS))
                    for host, port in targets]
        lines = harness.docker("run", "--rm", "--network", network, "--entrypoint", "bash",
                               harness.images["stockroom"], "-c", "\n".join([*attempts, "wait"]))
        return {(host, int(port)) for host, port in map(str.split, lines.splitlines())}

    bus, services = system.network("bus"), system.network("services")
    assert reached(bus, can=of_broker, cannot=of_store) == set(of_broker)
    assert reached(services, can=of_store, cannot=of_broker) == set(of_store)
    elsewhere = run("stockroom")
    its_own = (harness.docker.inspect(elsewhere)["NetworkSettings"]["IPAddress"], 8080)
    harness.docker.wait_until_healthy(elsewhere)
    assert reached("bridge", can=[its_own], cannot=of_broker) == {its_own}


def test_scaled_upgraded_and_killed_under_load_it_loses_nothing(system, next_tag):
    """While a crowd is at work, each container is replaced by one of another image, and then killed in
    turn, and started again."""
    campaign = Campaign(system, Contract(), seed(), ORDERS)

    def at_first():
        scale_orders(system, campaign.crowd)
        upgrade(system, campaign.crowd, next_tag)

    kills = campaign.run([*system.services, "orders-2", *SERVERS], 1, at_first=at_first)
    assert all(kill.done for kill in kills), "there was no time for all of them"
    system.wait_until_ready()
    campaign.subscriber.amqp_url = system.amqp_url()  # the broker may have got another address
    findings = campaign.check()
    assert findings.is_clean(), findings
    assert findings.recovered > 0, "the kills hurt nobody"


def scale_orders(system, crowd):
    """The crowd goes on meanwhile, and then both replicas have some of its orders."""
    crowd.set_limit(ORDERS // 4)
    system.scale("orders", 2)
    eventually(lambda: system.consumers("stockroom.orders") == 2, "both replicas listen")
    more = crowd.settled + ORDERS // 20
    crowd.set_limit(more + len(crowd.clients))
    assert crowd.wait_until_settled(more)
    assert all(decided(system, part) > 0 for part in ("orders", "orders-2"))


def upgrade(system, crowd, tag):
    """The crowd goes on meanwhile, some orders at a time: enough are left for the kills."""
    system.environment["STOCKROOM_TAG"] = tag
    with concurrent.futures.ThreadPoolExecutor() as pool:
        upgrading = pool.submit(system.up)
        while concurrent.futures.wait([upgrading], timeout=0.5).not_done:
            crowd.set_limit(min(crowd.settled + 8, ORDERS // 2))
        upgrading.result()
    for container in (container for service in system.services for container in system.containers(service)):
        assert system.docker.inspect(container)["Config"]["Labels"]["next"] == "yes"


def decided(system, part):
    return sum(count for name, count in system.metrics(part).items()
               if name.startswith("stockroom_commands_total"))


@pytest.mark.parametrize("part", ["orders", "gateway"])
def test_what_dies_is_started_again(system, harness, part):
    """By the restart policy, which a `docker kill` sets aside: so its process is killed from where the
    engine is."""
    container = system.container(part)
    harness.docker("run", "--rm", "--pid", "host", "--user", "0", "--entrypoint", "bash",
                   harness.images["stockroom"], "-c", f"kill -KILL {harness.docker.state(container)['Pid']}")
    eventually(lambda: harness.docker.inspect(container)["RestartCount"] > 0, f"{part} is started again")
    system.wait_until_ready()


def test_an_import_gives_the_figures_of_the_embedded_shape(system, harness, run, tmp_path):
    path = tmp_path / "first.csv"
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)
    invoices = list(dict.fromkeys(line.split(",")[0] for line in lines[1:]))[:INVOICES]
    path.write_text(lines[0] + "".join(line for line in lines[1:] if line.split(",")[0] in invoices),
                    encoding="utf-8")
    path.chmod(0o644)
    mount = ["--volume", f"{path}:/first.csv:ro"]
    replay = ["replay", "/first.csv", "--opening", 100, "--json", "--url"]
    figures = only_object(system.tool(*replay, "http://gateway:8080", options=mount))
    # The tool's are of the whole store, and of the crowd's orders some may expire just now.
    figures["on_hand"], figures["held"] = map(int, system.sql(
        "SELECT sum(on_hand), sum(held) FROM stockroom.levels WHERE sku NOT LIKE 'crowd-%'").split("|"))

    embedded = run("stockroom", options=mount)
    harness.docker.wait_until_healthy(embedded)
    assert only_object(harness.docker.run("exec", embedded, "stockroom", *replay,
                                          "http://127.0.0.1:8080")) == figures
    assert figures["orders_reserved"] > 0 and figures["orders_rejected"] > 0, figures


def test_down_and_up_again_keeps_all_data(system):
    system("stop", *system.services)  # or orders would expire meanwhile
    before = system.rows()
    queues = set(system.queue_lengths())
    assert all(before[table] for table in ("items", "levels", "movements", "orders", "log")), before.keys()
    system.down()
    assert not [part for part in [*system.services, *SERVERS] if system.containers(part)]
    system.up("store")
    system.wait_until_healthy("store")
    assert system.rows() == before
    system.up()
    system.wait_until_ready()
    assert set(system.queue_lengths()) >= {name for name in queues if name.startswith("stockroom.")} | {
        "test.subscriber"}
    client = Client(system.url, Contract())
    sku = client.create_item(stock=2)
    assert client.place(sku, 2).status == 201
    client.check_books(sku)
    client.close()


def test_the_audit_of_a_one_shot_container(system):
    done = system.tool("audit")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all is right" in done.stdout
    system.sql("UPDATE stockroom.levels SET held = held + 1 WHERE (sku, location) IN "
               "(SELECT sku, location FROM stockroom.levels WHERE held < on_hand LIMIT 1)")
    assert system.tool("audit").returncode == 1
