"""How rollouts, leases and deployments are doing, and how the worker is, for Prometheus."""
