"""The reference scorer: a small, honest server of linear and logistic models, of the standard library alone.

A program of its own, `python -m deployments.engines.local.scorer`, described in docs/reference-scorer.md. It stands in
for the container images that a cluster would run, and knows nothing of the console.
"""
