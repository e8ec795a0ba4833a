"""Many deployments on a cluster, upgraded at once: the parts of `bench.kubernetes_fleet`."""
