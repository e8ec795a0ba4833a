"""Addresses of files that need no token: signed for one file and one method, and good for some minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.core import signing
from django.http import HttpRequest
from django.urls import reverse

from mlops_console.errors import NotAllowed

GOOD_FOR: Final = timedelta(minutes=10)
PARAMETER: Final = "signature"
_SALT: Final = "deployments.storage.blob"
Method = Literal["GET", "PUT"]


def presigned(request: HttpRequest, uid: str, method: Method, content_type: str, now: datetime) -> dict[str, Any]:
    """The address of a file for one method, in the wire's words."""
    # In the query, where no log has it: what is logged of a request is its path.
    signature = signing.dumps([uid, method], salt=_SALT)
    address = request.build_absolute_uri(reverse("storage-api:blob", args=[uid]))
    return {
        "url": f"{address}?{PARAMETER}={signature}",
        "method": f"HTTP_METHOD_{method}",
        "contentType": content_type,
        "expiresAt": now + GOOD_FOR,
    }


def check(signature: str, uid: str, method: str) -> None:
    """Pass for a signature that is good for this; raises NotAllowed."""
    try:
        signed = signing.loads(signature, salt=_SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        signed = None
    if signed != [uid, method]:
        raise NotAllowed("This address is not signed for that, or no longer.")
