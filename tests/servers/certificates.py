"""Certificates for TLS that are made for one run, by the command `openssl`."""

import dataclasses
import pathlib
import subprocess

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
EXPIRED = -1  # days that `openssl x509` takes, for tests like ours


@dataclasses.dataclass(frozen=True)
class Certificate:
    path: pathlib.Path
    key: pathlib.Path

    @staticmethod
    def of(folder, name):
        return Certificate(folder / f"{name}.pem", folder / f"{name}.key")


class Authority:
    """Who signs certificates. Keeps them all in its folder, with their keys."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.own = Certificate.of(self.folder, name)
        openssl("req", "-x509", *NEW_KEY, "-days", 1, "-subj", f"/CN={name}",
                "-addext", "keyUsage=critical,keyCertSign",
                "-keyout", self.own.key, "-out", self.own.path)

    @property
    def path(self):
        """For those who trust it."""
        return self.own.path

    def certificate(self, name, names, days=1):
        """For a server; `names` as subjectAltName has them: DNS:localhost,IP:127.0.0.1."""
        made = Certificate.of(self.folder, name)
        request = self.folder / f"{name}.csr"
        openssl("req", *NEW_KEY, "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}",
                "-keyout", made.key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.own.path, "-CAkey", self.own.key,
                "-copy_extensions", "copy", "-days", days, "-out", made.path)
        return made


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, f"openssl {arguments[0]}: {done.stderr}"
