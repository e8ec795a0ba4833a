"""Pages with tables, and some others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench.asking.case import Asks, Case, Group, Variant, query
from bench.asking.targets import ADMIN_SIZE
from bench.asking.visitor import Ask
from bench.asking.world import Place, World

COMMON_WORD: Final = "memory"  # in the description of every fourth runtime
NAME_WORD: Final = "credit"  # with which one name of forty begins, so that by name they all stand together
ONE_PAGE: Final = 50  # compositions of a deployment
_HTMX: Final = {"HX-Request": "true"}
_SORTS: Final = ("-name", "id", "model_type", "image", "version", "state", "managed_by", "workspace", "updated")
# The columns of the admin's changelist are called by number.
_ADMIN_COLUMNS: Final = ("name", "id", "model_type", "image", "version", "state", "managed_by", "updated")


def cases(world: World) -> list[Case]:
    """Every page that is asked for."""
    return [*_runtimes(world), *_everywhere(world), *_other_lists(world), *_audit(world), *_other_pages(world)]


def _runtimes(world: World) -> Iterator[Case]:
    place = world.workspace
    yield _table(world, place, "runtimes, first page", grows=True)
    yield _table(world, place, "runtimes, middle page", page=place.middle, after=place.after, grows=True)
    yield _table(world, place, "runtimes, last page", page=place.last, end=True)
    yield _table(world, place, "runtimes, by model type", grows=True, model_type=world.model_type)
    yield _table(world, place, "runtimes, by state", grows=True, state="ACTIVE")
    yield _table(world, place, "runtimes, by a rare state", state="DISABLED")
    yield _table(world, place, "runtimes, searched, common word", grows=True, q=COMMON_WORD)
    yield _table(world, place, "runtimes, searched, rare word", grows=True, q=world.rare_word)
    yield from _searches(place, "runtimes")
    # One of the many that hold few runtimes, whose words are those of all others too.
    path = f"/workspaces/{world.small_workspace}/runtimes/"
    yield _list("a small workspace, first page", path, f"/floor{path}")
    path += query({"q": COMMON_WORD})
    yield _list("a small workspace, searched, common word", path, f"/floor{path}")
    for sort in _SORTS:
        yield _table(world, place, f"runtimes, sorted by {sort.removeprefix('-')}", sort=sort)


def _everywhere(world: World) -> Iterator[Case]:
    place = world.everywhere
    yield _table(world, place, "all workspaces, first page", grows=True)
    yield _table(world, place, "all workspaces, middle page", page=place.middle, after=place.after, grows=True)
    yield _table(world, place, "all workspaces, last page", page=place.last, end=True)
    yield _table(world, place, "all workspaces, by state", grows=True, state="DEPRECATED")
    yield _table(world, place, "all workspaces, by model type", grows=True, model_type=world.model_type)
    yield _table(world, place, "all workspaces, searched, common word", grows=True, q=COMMON_WORD)
    yield _table(world, place, "all workspaces, searched, rare word", grows=True, q=world.rare_word)
    yield from _searches(place, "all workspaces")
    for sort in _SORTS:
        yield _table(world, place, f"all workspaces, sorted by {sort.removeprefix('-')}", sort=sort)


def _searches(place: Place, whose: str) -> Iterator[Case]:
    """What comes after a search: the number of rows that it finds, and another order, for which the floor has none."""
    path = f"/workspaces/{place.uid}/runtimes/"
    for what, word in (("common word", COMMON_WORD), ("beginning of names", NAME_WORD)):
        counted = f"{path}count.html{query({'q': word})}"
        asks: Asks = {Variant.CONSOLE: [_htmx(counted, path)], Variant.FLOOR: [Ask(f"/floor{counted}")]}
        yield Case(f"{whose}, count of a search, {what}", Group.PAGE, asks)
        yield _list(f"{whose}, searched and sorted, {what}", path + query({"q": word, "sort": "name"}))
    searched = path + query({"q": NAME_WORD})
    yield _list(f"{whose}, searched, beginning of names", searched, f"/floor{searched}")


def _table(
    world: World,
    place: Place,
    name: str,
    *,
    page: str = "",
    after: str = "",
    end: bool = False,
    grows: bool = False,
    **narrow: str,
) -> Case:
    """One page of the table of runtimes; `after` is already quoted."""
    path = f"/workspaces/{place.uid}/runtimes/"
    floor = f"/floor{path}{query(narrow | ({'end': '1'} if end else {}))}"
    if after:
        floor += f"{'&' if '?' in floor else '?'}after={after}"
    # The admin has no column for the workspace, and sorts a larger table for many seconds.
    sort = narrow.get("sort")
    asks_admin = sort != "workspace" and not (sort and world.runtimes > ADMIN_SIZE)
    return _list(
        name,
        path + query(narrow | ({"page": page} if page else {})),
        floor,
        grows=grows,
        admin=changelist(world, place, narrow, middle=bool(after), end=end) if asks_admin else "",
    )


def changelist(world: World, place: Place, narrow: dict[str, str], *, middle: bool, end: bool) -> str:
    """The admin's page for the same rows; its pages are counted."""
    lookups = {"model_type": "model_type__name__exact", "state": "state__exact", "q": "q"}
    asked = {lookups[name]: value for name, value in narrow.items() if name in lookups}
    if place.key:
        asked["workspace__id__in"] = f"{place.key},{world.global_key}"
    if sort := narrow.get("sort"):
        column = sort.removeprefix("-")
        asked["o"] = f"{sort.removesuffix(column)}{_ADMIN_COLUMNS.index(column) + 1}"
    pages = max(1, -(-place.runtimes // 50))
    if middle or end:
        asked["p"] = str(pages if end else max(1, pages // 2))
    return f"/admin/runtimes/runtime/{query(asked)}"


def _other_lists(world: World) -> Iterator[Case]:
    for uid, whose in ((world.workspace.uid, ""), ("-", " of all workspaces")):
        for folder, what in (("runtime-images", "images"), ("deployments", "deployments")):
            path = f"/workspaces/{uid}/{folder}/"
            yield _list(f"{what}{whose}", path, f"/floor{path}")
    path = f"/workspaces/{world.workspace.uid}/deployments/?upgrade=yes"
    yield _list("deployments that could be upgraded", path)
    path = f"/workspaces/{world.workspace.uid}/deployments/?q=credit"
    yield _list("deployments, searched", path)
    for uid, whose in ((world.workspace.uid, ""), ("-", " of all workspaces")):
        path = f"/workspaces/{uid}/deployments/"
        asks: Asks = {Variant.CONSOLE: [_htmx(f"{path}offers/runtime.html", path)]}
        yield Case(f"runtimes{whose} to narrow deployments by", Group.PAGE, asks)


def _audit(world: World) -> Iterator[Case]:
    if not world.audit:
        return
    everything, own = "/workspaces/-/audit/", f"/workspaces/{world.workspace.uid}/audit/"
    yield _list("audit, first page", everything, f"/floor{everything}")
    middle = query({"page": world.audit_middle})
    yield _list("audit, middle page", f"{everything}{middle}", f"/floor{everything}?key={world.audit_key}")
    yield _list("audit of a workspace", own, f"/floor{own}")
    for name, value in (("actor", world.actor), ("verb", "disable"), ("subject", world.subject)):
        narrowed = f"{everything}{query({name: value})}"
        yield _list(f"audit, by {name}", narrowed, f"/floor{narrowed}")


def _other_pages(world: World) -> Iterator[Case]:
    place = f"/workspaces/{world.workspace.uid}"
    yield _page("overview", "/")
    yield _page("one runtime", f"{place}/runtimes/{world.runtime}/")
    yield _page("new runtime", f"{place}/runtimes/new/")
    yield _page("one image", f"/{world.image.replace('runtimeImages', 'runtime-images')}/")
    large = f"one deployment with {world.compositions:,} compositions"
    yield _page("one deployment with 2 compositions", f"{place}/deployments/{world.small}/")
    yield _page(large, f"{place}/deployments/{world.large}/")
    if world.compositions > ONE_PAGE:
        yield _page(f"{large}, second page", f"{place}/deployments/{world.large}/?page=2")
    switch = f"/workspaces/switch/{query({'next': f'{place}/runtimes/'})}"
    yield Case("workspaces to switch to", Group.PAGE, {Variant.CONSOLE: [_htmx(switch, f"{place}/runtimes/")]})


def _list(name: str, path: str, floor: str = "", *, admin: str = "", grows: bool = False) -> Case:
    asks: Asks = {Variant.CONSOLE: [Ask(path)], Variant.FRAGMENT: [_htmx(path, path, target="rows")]}
    if floor:
        asks[Variant.FLOOR] = [Ask(floor)]
    if admin:
        asks[Variant.ADMIN] = [Ask(admin)]
    return Case(name, Group.LIST, asks, grows)


def _page(name: str, path: str) -> Case:
    return Case(name, Group.PAGE, {Variant.CONSOLE: [Ask(path)]})


def _htmx(path: str, shown: str, *, target: str = "") -> Ask:
    """What htmx sends from a page that is shown, to swap the answer into an element that may have an id."""
    return Ask(path, headers=_HTMX | {"HX-Current-URL": shown} | ({"HX-Target": target} if target else {}))
