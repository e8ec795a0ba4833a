"""Changes to experiments, models, deployments, plans and rollouts: one function a verb, one transaction each."""
