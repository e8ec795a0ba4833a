"""Which tests share a worker, as they share a control plane."""

from __future__ import annotations

import pytest

from tests.kubernetes.fixtures import NAMES_KUBERNETES


@pytest.mark.parametrize(
    ("test", "shares"),
    [
        ("tests/kubernetes/test_proxy.py::test_it_passes_everything_on", True),
        ("tests/deployments/engines/kubernetes/test_engine.py::test_start", True),
        ("tests/deployments/engines/test_contract.py::test_start[kubernetes]", True),
        ("tests/deployments/engines/test_contract.py::test_start[kubernetes-crash]", True),
        ("tests/deployments/engines/test_contract.py::test_start[local]", False),
        ("tests/mlops_console/test_env.py::test_kubernetes_is_an_engine", False),
    ],
)
def test_what_names_kubernetes_goes_to_one_worker(test: str, shares: bool) -> None:
    assert bool(NAMES_KUBERNETES.search(test)) is shares
