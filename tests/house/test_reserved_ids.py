"""Ids that would hide behind an address of their own."""

import pytest

from runtimes.rules.names import RESERVED_UIDS, check_uid
from runtimes.web.urls import urlpatterns


def test_every_fixed_word_below_a_list_is_reserved() -> None:
    fixed = {str(each.pattern).split("/")[3] for each in urlpatterns if str(each.pattern).startswith("workspaces/<")}
    words = {word for word in fixed if word and "<" not in word and "." not in word}
    assert words == RESERVED_UIDS


@pytest.mark.parametrize("uid", sorted(RESERVED_UIDS))
def test_a_reserved_id_is_refused(uid: str) -> None:
    with pytest.raises(ValueError, match="reserved"):
        check_uid(uid)
