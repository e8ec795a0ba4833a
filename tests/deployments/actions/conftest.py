"""The world of the action tests."""

import pytest

from tests.cast import Cast
from tests.deployments.actions.world import World, make_world


@pytest.fixture
def world(cast: Cast) -> World:
    """One runtime in the workspace of the cast."""
    return make_world(cast)
