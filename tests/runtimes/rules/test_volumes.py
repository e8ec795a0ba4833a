"""Volumes: every fault at its path."""

from __future__ import annotations

from typing import Any

import pytest

from runtimes.rules.volumes import PATHS_MAX, PROPERTIES_MAX, PROPERTY_KEY_MAX, VOLUMES_MAX, faults


def volume(**changes: Any) -> dict[str, Any]:
    """A sound volume but for some fields; `...` leaves one out."""
    fields = {"id": "scratch", "type": "EMPTY_DIR", "readOnly": False, "mountPaths": ["/scratch"], "properties": {}}
    return {field: value for field, value in (fields | changes).items() if value is not ...}


@pytest.mark.parametrize(
    "volumes",
    [
        pytest.param([], id="none"),
        pytest.param([volume()], id="one"),
        pytest.param([volume(readOnly=..., properties=...)], id="required fields only"),
        pytest.param([volume(readOnly=None, properties=None)], id="null stands for absent"),
        pytest.param([volume(type="EPHEMERAL", properties={"size": "10Gi"})], id="ephemeral"),
        pytest.param([volume(mountPaths=("/a", "/a/b", "/c d"))], id="several paths"),
        pytest.param([volume(), volume(id="cache", mountPaths=["/cache"])], id="two"),
        pytest.param([volume(id="a" * 63)], id="longest id"),
        pytest.param([volume(mountPaths=["/" + "a" * 399])], id="longest path"),
        pytest.param([volume(mountPaths=["/..a/b..", "/a.b"])], id="dots within names"),
        pytest.param([volume(mountPaths=[f"/{number}" for number in range(PATHS_MAX)])], id="20 paths"),
        pytest.param([volume(properties={str(number): "" for number in range(PROPERTIES_MAX)})], id="50 properties"),
        pytest.param([volume(properties={"k" * PROPERTY_KEY_MAX: "a=b"})], id="longest name of a property"),
        pytest.param(
            [volume(id=f"v{number}", mountPaths=[f"/v{number}"]) for number in range(VOLUMES_MAX)], id="50 volumes"
        ),
    ],
)
def test_volumes_are_accepted(volumes: list[dict[str, Any]]) -> None:
    assert faults(volumes) == {}


@pytest.mark.parametrize(
    ("changes", "path", "fault"),
    [
        pytest.param({"id": ...}, "id", "The ID is 1 to 63", id="no id"),
        pytest.param({"id": None}, "id", "The ID is 1 to 63", id="null id"),
        pytest.param({"id": ""}, "id", "The ID is 1 to 63", id="empty id"),
        pytest.param({"id": 7}, "id", "The ID is 1 to 63", id="number as id"),
        pytest.param({"id": "a" * 64}, "id", "The ID is 1 to 63", id="id of 64 characters"),
        pytest.param({"id": "a_b"}, "id", "The ID is 1 to 63", id="underscore in id"),
        pytest.param({"id": "Data"}, "id", "The ID is 1 to 63", id="upper-case id"),
        pytest.param({"id": "a-"}, "id", "The ID is 1 to 63", id="hyphen last"),
        pytest.param({"id": "a\n"}, "id", "The ID is 1 to 63", id="line end in id"),
        pytest.param({"id": "a\x00"}, "id", "The ID is 1 to 63", id="NUL in id"),
        pytest.param({"type": ...}, "type", "EMPTY_DIR or EPHEMERAL", id="no type"),
        pytest.param({"type": "HOST_PATH"}, "type", "EMPTY_DIR or EPHEMERAL", id="unknown type"),
        pytest.param({"type": "empty_dir"}, "type", "EMPTY_DIR or EPHEMERAL", id="lower-case type"),
        pytest.param({"type": []}, "type", "EMPTY_DIR or EPHEMERAL", id="list as type"),
        pytest.param({"readOnly": "yes"}, "readOnly", "Say true or false.", id="word as flag"),
        pytest.param({"readOnly": 1}, "readOnly", "Say true or false.", id="number as flag"),
        pytest.param({"mountPaths": ...}, "mountPaths", "at least one path", id="no paths"),
        pytest.param({"mountPaths": []}, "mountPaths", "at least one path", id="empty paths"),
        pytest.param({"mountPaths": "/a"}, "mountPaths", "at least one path", id="text as paths"),
        pytest.param({"mountPaths": {"/a": 1}}, "mountPaths", "at least one path", id="mapping as paths"),
        pytest.param(
            {"mountPaths": [f"/{number}" for number in range(PATHS_MAX + 1)]},
            "mountPaths",
            "There are 21 mount paths; at most 20",
            id="21 paths",
        ),
        pytest.param({"mountPaths": ["/a", 7]}, "mountPaths.1", "'7' is not a path", id="number as path"),
        pytest.param({"mountPaths": ["a"]}, "mountPaths.0", "'a' is not an absolute path", id="relative"),
        pytest.param({"mountPaths": [""]}, "mountPaths.0", "'' is not an absolute path", id="empty path"),
        pytest.param({"mountPaths": ["/"]}, "mountPaths.0", "below the root", id="root"),
        pytest.param({"mountPaths": ["//./"]}, "mountPaths.0", "below the root", id="root in disguise"),
        pytest.param({"mountPaths": ["/a/../etc"]}, "mountPaths.0", "neither .. nor a colon", id="way up"),
        pytest.param({"mountPaths": ["/a:ro"]}, "mountPaths.0", "neither .. nor a colon", id="colon"),
        pytest.param({"mountPaths": ["/a\x00"]}, "mountPaths.0", "NUL character at position 3", id="NUL"),
        pytest.param({"mountPaths": ["/a\n/b"]}, "mountPaths.0", "it is a single line", id="path of two lines"),
        pytest.param({"mountPaths": ["/a "]}, "mountPaths.0", "has blanks around it", id="blank behind a path"),
        pytest.param({"mountPaths": ["/" + "a" * 400]}, "mountPaths.0", "has 401 characters", id="long path"),
        pytest.param({"mountPaths": ["x" * 10**6]}, "mountPaths.0", "1,000,000 characters", id="endless path"),
        pytest.param({"mountPaths": ["/a", "/a"]}, "mountPaths.1", "/a is mounted twice", id="path twice"),
        pytest.param({"mountPaths": ["/a/b", "/a//./b/"]}, "mountPaths.1", "/a/b is mounted twice", id="same path"),
        pytest.param({"properties": ["a"]}, "properties", "keys with text values", id="list as properties"),
        pytest.param({"properties": {"size": 10}}, "properties.size", "a text value", id="number as property"),
        pytest.param({"properties": {"size": None}}, "properties.size", "a text value", id="null as property"),
        pytest.param({"properties": {"": "x"}}, "properties.", "has a name", id="property without name"),
        pytest.param({"properties": {"a": "\x00"}}, "properties.a", "The value holds a NUL", id="NUL in property"),
        pytest.param({"properties": {"a\x1b": ""}}, "properties.a\x1b", "The name holds the", id="escape in name"),
        pytest.param({"properties": {"a=b": "c"}}, "properties.a=b", "must hold no =", id="equals sign in name"),
        pytest.param({"properties": {"a": "b\nc=d"}}, "properties.a", "it is a single line", id="two lines"),
        pytest.param({"properties": {" a": "b"}}, "properties. a", "has blanks around it", id="blank before a name"),
        pytest.param({"properties": {7: "b"}}, "properties.7", "has a name", id="number as name"),
        pytest.param({"properties": {"k" * 254: ""}}, f"properties.{'k' * 254}", "254 characters", id="long name"),
        pytest.param({"properties": {"a": "x" * 1025}}, "properties.a", "1,025 characters", id="long property"),
        pytest.param(
            {"properties": {str(number): "" for number in range(10_000)}},
            "properties",
            "There are 10,000 properties; at most 50",
            id="10,000 properties",
        ),
        pytest.param({"sizeLimit": "1Gi"}, "sizeLimit", "A volume has no 'sizeLimit'; it has id, type", id="unknown"),
    ],
)
def test_a_fault_is_told_at_its_path(changes: dict[str, Any], path: str, fault: str) -> None:
    found = faults([volume(id="sound", mountPaths=["/sound"]), volume(**changes)])
    assert list(found) == [f"1.{path}"]
    assert fault in found[f"1.{path}"]
    assert len(found[f"1.{path}"]) < 300


def test_unknown_fields_may_be_anything() -> None:
    odd: dict[Any, Any] = {"size": 1, 7: 2, None: 3}
    assert set(faults([volume() | odd])) == {"0.size", "0.7", "0.None"}


def test_ids_are_unique() -> None:
    assert faults([volume(), volume(mountPaths=["/b"]), volume(mountPaths=["/c"])]) == {
        "1.id": "Volume 1 has the same ID.",
        "2.id": "Volume 1 has the same ID.",
    }


def test_mount_paths_are_unique_over_all_volumes() -> None:
    assert faults([volume(), volume(id="b", mountPaths=["/b", "/scratch/"])]) == {
        "1.mountPaths.1": "/scratch is mounted twice."
    }


@pytest.mark.parametrize("given", [None, "scratch", 7, ["id"]], ids=repr)
def test_a_volume_is_a_mapping(given: Any) -> None:
    found = faults([volume(), given])
    assert list(found) == ["1"]
    assert found["1"].startswith("A volume has the fields id, type, readOnly, mountPaths, properties; this is")


@pytest.mark.parametrize("count", [VOLUMES_MAX + 1, 10_000])
def test_more_volumes_are_one_fault(count: int) -> None:
    assert faults([{}] * count) == {"": f"There are {count:,} volumes; at most 50 are allowed."}


def test_every_fault_is_told() -> None:
    assert set(faults([{"mountPaths": ["a", "/b"]}, {"id": "B", "type": "EPHEMERAL", "mountPaths": ["/b"]}])) == {
        "0.id",
        "0.type",
        "0.mountPaths.0",
        "1.id",
        "1.mountPaths.0",
    }
