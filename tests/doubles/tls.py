# SPDX-License-Identifier: Apache-2.0
"""Certificates for 127.0.0.1 and localhost, good and bad, made with the openssl program: an authority of one test."""
import ssl
import subprocess
import threading
from pathlib import Path

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
HERE = "subjectAltName=IP:127.0.0.1,DNS:localhost"


class Authority:
    """`bundle` is what a client must trust to accept context("good")."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.bundle = self.folder / "authority.pem"
        self.lock = threading.Lock()
        self.openssl("req", "-x509", *KEY, "-keyout", "authority.key", "-out", "authority.pem", "-days", "2",
                     "-subj", "/CN=Authority of a test")

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def make(self, kind):
        """good, wrong name, expired (all signed by the authority) or self-signed; the file of key and certificate."""
        name = kind.replace(" ", "-")
        whole = self.folder / f"{name}.pem"
        if whole.exists():
            return whole
        names = "subjectAltName=DNS:elsewhere.invalid" if kind == "wrong name" else HERE
        if kind == "self-signed":
            self.openssl("req", "-x509", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "2",
                         "-subj", "/CN=127.0.0.1", "-addext", names)
        else:
            (self.folder / f"{name}.ext").write_text(names + "\n")
            self.openssl("req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
            self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
                         "-CAcreateserial", "-out", f"{name}.crt", "-days", "-1" if kind == "expired" else "2",
                         "-extfile", f"{name}.ext")
        whole.write_text((self.folder / f"{name}.key").read_text() + (self.folder / f"{name}.crt").read_text())
        return whole

    def context(self, kind="good", protocols=()):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with self.lock:
            context.load_cert_chain(self.make(kind))
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context
