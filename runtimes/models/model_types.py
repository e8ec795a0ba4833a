"""The kinds of model that a runtime can be for."""

from __future__ import annotations

from django.db import models


class ModelType(models.Model):
    """One kind of model; the table is short, filters and pickers list it whole."""

    name = models.CharField(primary_key=True, max_length=100)
    display_name = models.CharField(max_length=200)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
