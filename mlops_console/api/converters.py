"""Ids in the API's addresses: what stands before a custom verb's colon."""

from __future__ import annotations

from django.urls.converters import StringConverter


class UidConverter(StringConverter):
    """One part of a path up to its end or a colon; whether anything has that id is for the queries to say."""

    regex = "[^/:]+"
