"""Every page fits its window and passes axe, light and dark, wide and narrow."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from mlops_console.models import Token
from tests.browser.conftest import Open
from tests.cast import Cast
from tests.factories import make_image, make_runtime

pytestmark = pytest.mark.browser
LONG = "A name that nobody should give a runtime but somebody will, " * 3
PAGES = (
    "/",
    "/workspaces/",
    "/workspaces/lab/",
    "/workspaces/lab/members/",
    "/workspaces/lab/tokens/",
    "/workspaces/lab/audit/",
    "/workspaces/lab/runtimes/",
    "/workspaces/lab/runtimes/?state=DISABLED",
    "/workspaces/lab/runtimes/new/",
    "/workspaces/lab/runtimes/mojo/",
    "/workspaces/lab/runtimes/mojo/edit/",
    "/workspaces/lab/runtimes/mojo/disable/",
    "/workspaces/lab/runtime-images/",
    "/workspaces/lab/runtime-images/new/",
    "/workspaces/lab/runtime-images/h2o3-mojo/",
    "/workspaces/lab/runtime-images/h2o3-mojo/versions/new/",
    "/workspaces/elsewhere/runtimes/",
    "/tokens/",
    "/people/",
    "/people/new/",
    "/model-types/",
    "/bootstrap/",
    "/workspaces/none/runtimes/",
    "/api/",
    "/api/docs/",
    "/api/authz/v1/workspaces",
    "/api/runtime/v1/workspaces/lab/runtimes",
    "/api/runtime/v1/workspaces/lab/runtimes/mojo",
    "/api/runtime/v1/workspaces/lab/runtimes/mojo:deprecate",
    "/api/runtime/v1/workspaces/lab/runtimes?filter=nothing",
    "/api/nothing",
)


@pytest.mark.parametrize(
    ("width", "color_scheme"),
    [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")],
    ids=["wide light", "wide dark", "narrow light", "narrow dark"],
)
def test_every_page_fits_and_is_accessible(signed_in: Open, world: Cast, width: int, color_scheme: str) -> None:
    image = make_image(world.workspace, versions="v1.9.0 v1.10.0 v2.0.0-rc.1", description=LONG)
    make_runtime(
        image,
        display_name=LONG,
        description=LONG,
        environment_variables={"JAVA_OPTS": "-X" * 300, "GPUS": "{GPU_COUNT}"},
        volumes=[{"id": "tmp", "type": "EMPTY_DIR", "readOnly": False, "mountPaths": ["/t" * 60], "properties": {}}],
    )
    make_runtime(image, "x" * 63, display_name="Q" * 200)
    for user in (world.admin, world.owner):
        Token.objects.create(user=user, name="T" * 100, digest=user.username)
        Token.objects.create(user=user, name=LONG[:100], digest=f"{user.username} 2", revoked_at=timezone.now())
    page = signed_in("admin", width=width, color_scheme=color_scheme)
    faults = {}
    for path in PAGES:
        page.goto(path)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found = [
            f"{violation['id']}: {violation['nodes'][0]['html'][:120]}"
            for violation in Axe().run(page).response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        if wider > 0:
            found.append(f"{wider} pixels too wide")
        if found:
            faults[path] = found
    assert faults == {}
