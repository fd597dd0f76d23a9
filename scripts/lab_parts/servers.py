"""Real servers in the lab's server namespace, and names for them: nginx (TLS with HTTP/2, and HTTP), openssl s_server,
ngtcp2's gtlsserver (QUIC), caddy (HTTP/3), dnsmasq, iperf3, and a sender of our own (bulk.py)."""

import os
import sys

from . import ground, topology

PROGRAMS = ("nginx", "openssl", "curl", "gtlsserver", "gtlsclient", "caddy", "dnsmasq", "iperf3", "tcpdump", "ping", "ss")
SITES = ("abs.twimg.com", "pbs.twimg.com", "t.co", "example.org", "www.example.com", "smooth.example.net", "lossy.example.net",
         "late.example.net", "gone.example.net", "cut.example.net", "budget.example.net", "marked.example.net", "video.example.net")
CADDY_SITE = "h3.example.net"
IPV4_ALONE = ("manifest.googlevideo.com",)  # names without an address of version 6
# Fact A8: the 383 KB picture of the published measurements.
FILES = {"picture.jpg": 392_192, "small.bin": 60_000, "clip.bin": 2_000_000, "film.bin": 100_000_000}
OPENSSL_PORT, IPERF_PORT, BULK_PORT = 8443, 5201, 6000

NGINX = """user root;
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  default_type application/octet-stream;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  ssl_certificate {folder}/cert.pem;
  ssl_certificate_key {folder}/key.pem;
  ssl_protocols TLSv1.2 TLSv1.3;
  client_max_body_size 0;
  # A whole picture goes up without waiting for HTTP/2's window, which would come behind what goes down.
  http2_body_preread_size 1m;
  client_body_buffer_size 1m;
  server {{
    listen {address}:443 ssl http2; listen [{address6}]:443 ssl http2; listen {address}:80; listen [{address6}]:80;
    root {folder}/www;
    # What is uploaded is taken in whole before it is answered.
    location /upload {{ proxy_pass http://127.0.0.1:8080; }}
  }}
  server {{ listen 127.0.0.1:8080; location / {{ return 204; }} }}
}}
"""

CADDY = """{{
  admin off
  auto_https off
  storage file_system {folder}/caddy
}}
https://{site}:443 {{
  bind {address}
  tls {folder}/cert.pem {folder}/key.pem
  root * {folder}/www
  file_server
}}
"""


def make_site(lab):
    """The files, a certificate for all names, and the names' addresses."""
    os.makedirs(lab.path("www"), exist_ok=True)
    for name, size in FILES.items():
        with open(lab.path("www", name), "wb") as file:
            for _ in range(0, size, 1 << 20):
                file.write(os.urandom(1 << 20))
            file.truncate(size)
    make_certificate(lab, (*SITES, CADDY_SITE))
    values = {"folder": lab.folder, "address": topology.SERVER, "address6": topology.SERVER6}
    write(lab.path("nginx.conf"), NGINX.format(**values))
    write(lab.path("Caddyfile"), CADDY.format(folder=lab.folder, address=topology.CADDY, site=CADDY_SITE))
    write(lab.path("hosts"), "".join(f"{topology.SERVER} {site}\n{topology.SERVER6} {site}\n" for site in SITES) +
          "".join(f"{topology.SERVER} {site}\n" for site in IPV4_ALONE) + f"{topology.CADDY} {CADDY_SITE}\n")


def make_certificate(lab, names):
    """A key and a certificate for these names: key.pem and cert.pem in the lab's folder."""
    lab.host("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
             "-subj", "/CN=slowlane-lab", "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
             "-keyout", lab.path("key.pem"), "-out", lab.path("cert.pem"))


def start_dns(lab, address):
    """Serves the names in the lab's file `hosts`, and no others."""
    lab.start("dns", "server", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
              f"--addn-hosts={lab.path('hosts')}", f"--listen-address={address}", "--bind-interfaces", "--user=root",
              f"--pid-file={lab.path('dns.pid')}", "--local=/#/")


def write(path, content):
    """Text or bytes."""
    with open(path, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def start(lab):
    """Starts all servers; returns when they answer."""
    key, certificate = lab.path("key.pem"), lab.path("cert.pem")
    lab.start("nginx", "server", "nginx", "-p", lab.folder, "-c", lab.path("nginx.conf"))
    start_dns(lab, topology.RESOLVER)
    for name, address in ("quic", topology.SERVER), ("quic6", topology.SERVER6):
        lab.start(name, "server", "gtlsserver", "-q", "-d", lab.path("www"), address, "443", key, certificate)
    lab.start("openssl", "server", "openssl", "s_server", "-quiet", "-accept", f"{topology.SERVER}:{OPENSSL_PORT}", "-cert",
              certificate, "-key", key, "-WWW", folder=lab.path("www"))
    lab.start("caddy", "server", "env", f"HOME={lab.folder}", f"XDG_CONFIG_HOME={lab.folder}", "caddy", "run", "--config",
              lab.path("Caddyfile"), "--adapter", "caddyfile")
    lab.start("iperf3", "server", "iperf3", "-s", "-p", str(IPERF_PORT))
    lab.start("bulk", "server", sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "bulk.py"), "serve",
              str(BULK_PORT), lab.folder)


def await_all(lab):
    """Waits until every server listens; a box must be in place for the client to see the web server."""
    wanted = [("tcp", port) for port in (443, 80, OPENSSL_PORT, IPERF_PORT, BULK_PORT)] + [("udp", 53), ("udp", 443)]

    def listening():
        dead = [name for name in ("nginx", "dns", "quic", "quic6", "openssl", "caddy", "iperf3", "bulk") if not lab.lives(name)]
        if dead:
            raise ground.LabError(f"{dead[0]} ended: {lab.log(dead[0])[-600:].strip()}")
        return all(f":{port} " in lab.do("server", "ss", "-Hln", f"--{kind}") for kind, port in wanted) and \
            f"{topology.CADDY}:443" in lab.do("server", "ss", "-Hltn")
    ground.wait_for(listening, 20, "the servers did not start")
    ground.wait_for(lambda: lab.run("client", "curl", "-skf", "-o", "/dev/null", "--max-time", "2",
                                    "https://www.example.com/small.bin").returncode == 0,
                    20, "the client does not reach the web server by its name")
