"""Search by the beginnings of words: built-in full text without language rules, as the embedded database has no
trigrams."""

from __future__ import annotations

import re
from typing import TypeVar

from django.contrib.postgres.search import SearchVectorField
from django.db.models import BooleanField, Expression, F, Func, GeneratedField, Model, QuerySet, TextField, Value

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


def words_query(text: str) -> str:
    """What `holding` takes for a text: each word of it, or what begins with that; `""` where it has no words."""
    return " & ".join(f"{word}:*" for word in re.findall(r"[^\W_]+", text.lower()))


def holding(queryset: QuerySet[M], query: str | Expression) -> QuerySet[M]:
    """Narrow to rows whose `words` hold what a query asks for."""
    asked = Value(query, output_field=TextField()) if isinstance(query, str) else query
    return queryset.filter(_Matches(F("words"), asked))


def matching(queryset: QuerySet[M], text: str) -> QuerySet[M]:
    """Narrow to rows whose `words` hold, for each word of the text, one that begins with it."""
    query = words_query(text)
    return holding(queryset, query) if query else queryset
