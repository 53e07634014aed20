"""The image that all others stand on: Debian's own, or where no registry is at hand one made by
debootstrap that is slimmed in the same way."""

import pathlib
import re
import shutil
import subprocess
import tempfile

from engine import WITHOUT, LocalError, output

SUITE = "bookworm"
OFFICIAL = f"debian:{SUITE}-slim"
NAME = f"stockroom-test/{OFFICIAL}"
PULL_SECONDS = 120
BOOTSTRAP_SECONDS = 400
MIRROR, SECURITY = "http://deb.debian.org/debian", "http://deb.debian.org/debian-security"

# As in the official image: dpkg leaves out documentation and need not wait for the disk, apt keeps
# nothing that it can get again.
SETTINGS = {
    "etc/dpkg/dpkg.cfg.d/docker": """\
force-unsafe-io
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/groff/*
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/locale/*
path-include /usr/share/locale/locale.alias
path-exclude /usr/share/man/*
""",
    "etc/apt/apt.conf.d/docker": """\
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb"; };
Apt::AutoRemove::SuggestsImportant "false";
""",
    "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",  # starts no service that is installed
}
SLIMMED = ("usr/share/groff", "usr/share/info", "usr/share/lintian", "usr/share/linda",
           "usr/share/man", "var/cache/apt/archives", "var/lib/apt/lists")


def provide(docker):
    """Returns the name of an image there, and where it is from."""
    if docker.has_image(NAME):
        return NAME, "there already"
    try:
        docker("pull", "--quiet", OFFICIAL, seconds=PULL_SECONDS)
    except LocalError:
        make(docker)
        return NAME, "made by debootstrap"
    docker("tag", OFFICIAL, NAME)
    return NAME, "pulled"


def make(docker):
    with tempfile.TemporaryDirectory(prefix="stockroom-base-") as folder:
        root = pathlib.Path(folder) / "root"
        root.mkdir(mode=0o755)
        write_settings(root)
        mirror, security = mirrors()
        bootstrap(root, mirror)
        write_settings(root)
        (root / "etc/apt/sources.list").write_text(
            f"deb {mirror} {SUITE} main\ndeb {mirror} {SUITE}-updates main\n"
            f"deb {security} {SUITE}-security main\n")
        slim(root)
        archive = pathlib.Path(folder) / "root.tar"
        output("tar", "--numeric-owner", "-C", root, "-cf", archive, ".", seconds=120)
        docker("import", "--change", 'CMD ["bash"]', archive, NAME, seconds=120)


def bootstrap(root, mirror):
    log = root.parent / "debootstrap.log"
    with open(log, "wb") as to:
        try:
            # When it is killed, what it has started and mounted goes with it.
            done = subprocess.run(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "/usr/sbin/debootstrap",
                 "--variant=minbase", SUITE, root, mirror],
                stdout=to, stderr=to, check=False, timeout=BOOTSTRAP_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LocalError(f"debootstrap: {error}\n{log.read_text()[-2000:]}") from error
    if done.returncode != 0:
        raise LocalError(f"{log.read_text()[-2000:]}\nNo registry has given {OFFICIAL}, and debootstrap "
                         f"has failed, too. Run this as root, give the Docker here that image as "
                         f"{NAME}, {WITHOUT}")


def write_settings(root):
    for name, text in SETTINGS.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)


def slim(root):
    for folder in SLIMMED:
        shutil.rmtree(root / folder, ignore_errors=True)
    (root / "var/cache/apt/archives/partial").mkdir(parents=True)
    (root / "var/lib/apt/lists/partial").mkdir(parents=True)
    for path in (root / "usr/share/doc").rglob("*"):
        if path.name != "copyright" and not path.is_dir():
            path.unlink()
    for path in (root / "usr/share/locale").iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    for path in (root / "var/log").rglob("*.log"):
        path.unlink()


def mirrors():
    """Where this machine gets Debian from, and its security updates."""
    text = "\n".join(path.read_text(errors="replace") for path in (
        pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*"))
                     if path.is_file() and path.suffix in (".list", ".sources"))
    urls = [url.rstrip("/") for line in text.splitlines() if re.match(r"deb\s|URIs:", line)
            for url in re.findall(r"http://\S+", line)]
    return (next((url for url in urls if url.endswith("/debian")), MIRROR),
            next((url for url in urls if "debian-security" in url), SECURITY))
