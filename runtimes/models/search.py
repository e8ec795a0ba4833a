"""Search by the beginnings of words: built-in full text without language rules, as the embedded database has no
trigrams."""

from __future__ import annotations

import re
from typing import TypeVar

from django.contrib.postgres.search import SearchVectorField
from django.db.models import BooleanField, F, Func, GeneratedField, Model, QuerySet, TextField, Value

M = TypeVar("M", bound=Model)


class Words(Func):
    """Some columns as words of letters and digits: the parser itself would keep `a-b` and `a/b` whole."""

    template = r"to_tsvector('simple'::regconfig, regexp_replace(lower(%(expressions)s), '[\W_]+', ' ', 'g'))"
    arg_joiner = " || ' ' || "
    output_field = SearchVectorField()


class _Matches(Func):
    template = "%(expressions)s)"
    arg_joiner = " @@ to_tsquery('simple'::regconfig, "
    output_field = BooleanField()


def words_of(*columns: str) -> GeneratedField:
    """A column, kept by the database, of the words in other columns."""
    return GeneratedField(expression=Words(*columns), output_field=SearchVectorField(), db_persist=True)


def matching(queryset: QuerySet[M], text: str) -> QuerySet[M]:
    """Narrow to rows whose `words` hold, for each word of the text, one that begins with it."""
    wanted = re.findall(r"[^\W_]+", text.lower())
    if not wanted:
        return queryset
    query = " & ".join(f"{word}:*" for word in wanted)
    return queryset.filter(_Matches(F("words"), Value(query, output_field=TextField())))
