"""Carrying out what people want of deployments: what to do next is decided here, done through an engine."""
