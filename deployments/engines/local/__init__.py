"""Scorers as processes of this machine, behind Traefik."""
