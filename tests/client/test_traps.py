"""What docs/api.md warns of is so: traps in the published client, that would mislead its users here as elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from h2o_mlops.options import FilterExpression, FilterOptions, ListOptions
from h2o_mlops.types import LogicalOperatorType


def test_images_are_not_where_the_client_s_documentation_has_them(lab: Any) -> None:
    assert not hasattr(lab.runtimes, "images")
    assert lab.runtime_images.count() > 0


def test_rows_are_objects_and_tables_take_no_slices(lab: Any, image: Any) -> None:
    table = lab.runtime_images.list(name=image.name)
    with pytest.raises(TypeError, match="not subscriptable"):
        table[0]["uid"]
    with pytest.raises(TypeError, match="Index must be an integer"):
        table[0:1]


def test_nothing_is_got_across_workspaces(admin: Any) -> None:
    assert not hasattr(admin.runtimes, "get")
    assert not hasattr(admin.runtime_images, "get")


def test_a_not_of_one_condition_vanishes(lab: Any, image: Any) -> None:
    wanted = FilterExpression([FilterOptions("name", image.name)], LogicalOperatorType.NOT)
    assert [each.uid for each in lab.runtime_images.list(ListOptions(filter_expression=wanted))] == [image.uid]


def test_a_table_prints_a_state_with_its_class(lab: Any, image: Any) -> None:
    table = lab.runtime_images.list(name=image.name)
    assert "V1RuntimeImageState.ACTIVE" in repr(table)
    assert table[0].state == "ACTIVE"


def test_no_name_leaves_the_name(lab: Any, image: Any) -> None:
    image.update(name=None)
    assert lab.runtime_images.get(image.uid).name == "Scorer"
