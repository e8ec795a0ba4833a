"""What Traefik is told and what it says: its options, its dynamic files, its API, its metrics; pure.

A deployment is one router and one service, both of its name; a workload is a service `<deployment>.<key>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployments.engines.contract import Counts
from deployments.engines.local.routes import Routes

PROVIDER = "@file"
IDLE_SECONDS = (
    30  # scorers keep an idle connection longer, so that it is never they who close one that is about to be used
)
LARGEST_MIRRORED = 4_000_000  # bytes; Traefik holds a request in memory to mirror it
_SAMPLE = re.compile(
    r'traefik_(?P<of>router|service)_requests_total\{code="(?P<code>\d+)",'
    r'.*service="(?P<service>[^"@]+)@file"\} (?P<count>\S+)'
)


def options(host: str, port: int, admin_port: int, dynamic: Path) -> list[str]:
    """The command line of a router that answers on `host` and tells about itself on the loopback `admin_port`."""
    return [
        f"--entrypoints.scoring.address={host}:{port}",
        "--entrypoints.scoring.transport.lifecycle.gracetimeout=2s",
        f"--entrypoints.traefik.address=127.0.0.1:{admin_port}",
        "--api.insecure=true",
        "--api.dashboard=false",
        "--metrics.prometheus=true",
        "--metrics.prometheus.addrouterslabels=true",
        "--metrics.prometheus.addentrypointslabels=false",
        f"--providers.file.directory={dynamic}",
        "--providers.providersthrottleduration=100ms",
        f"--serverstransport.forwardingtimeouts.idleconntimeout={IDLE_SECONDS}s",
        "--serverstransport.forwardingtimeouts.dialtimeout=2s",
        "--serverstransport.maxidleconnsperhost=64",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
        "--log.level=ERROR",
        "--log.nocolor=true",
    ]


def dynamic_file(deployment: str, routes: Routes, urls: Mapping[str, str]) -> dict[str, Any]:
    """A deployment's dynamic file; workloads in `urls` that get no requests stay listed, so that they stay counted."""
    services = {
        f"{deployment}.{key}": {"loadBalancer": {"servers": [{"url": url, "preservePath": True}]}}
        for key, url in sorted(urls.items())
    }
    services[deployment] = _service(deployment, routes)
    return {
        "http": {
            "routers": {
                deployment: {
                    "rule": f"PathPrefix(`/{deployment}/`)",
                    "entryPoints": ["scoring"],
                    "service": deployment,
                    "middlewares": [f"{deployment}.strip", f"{deployment}.retry"],
                }
            },
            "middlewares": {
                f"{deployment}.strip": {"stripPrefix": {"prefixes": [f"/{deployment}"]}},
                # only what never reached a scorer is sent again
                f"{deployment}.retry": {"retry": {"attempts": 4, "initialInterval": "20ms"}},
            },
            "services": services,
        }
    }


def _service(deployment: str, routes: Routes) -> dict[str, Any]:
    if not routes.shares:
        return {"loadBalancer": {"servers": []}}
    if routes.mirror:
        return {
            "mirroring": {
                "service": f"{deployment}.{routes.shares[0][0]}",
                "mirrors": [{"name": f"{deployment}.{routes.mirror}", "percent": 100}],
                "maxBodySize": LARGEST_MIRRORED,
            }
        }
    shares = [{"name": f"{deployment}.{key}", "weight": weight} for key, weight in routes.shares]
    return {"weighted": {"services": shares}}


def routes_of(service: Mapping[str, Any]) -> Routes | None:
    """What a deployment's service, as the API shows it, has in force; None when Traefik does not use it."""
    if service.get("status") != "enabled":
        return None
    if mirroring := service.get("mirroring"):
        return Routes(((_key(mirroring["service"]), 1),), _key(mirroring["mirrors"][0]["name"]))
    shares = service.get("weighted", {}).get("services", [])
    return Routes(tuple((_key(each["name"]), each["weight"]) for each in shares))


def counts_of(metrics: str, deployment: str) -> Counts:
    """The requests of one deployment in Traefik's metrics."""
    workloads: dict[str, dict[int, int]] = {}
    answered: dict[int, int] = {}
    for line in metrics.splitlines():
        if not (sample := _SAMPLE.match(line)):
            continue
        name, dot, key = sample["service"].partition(".")
        if name == deployment and (sample["of"] == "router") != bool(dot):
            codes = workloads.setdefault(key, {}) if dot else answered
            code = int(sample["code"])
            codes[code] = codes.get(code, 0) + int(float(sample["count"]))
    return Counts(workloads, answered)


def _key(service: str) -> str:
    return service.removesuffix(PROVIDER).partition(".")[2]
