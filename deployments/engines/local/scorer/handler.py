"""One connection: the addresses of a scorer, in the shapes of H2O's scoring API."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from deployments.engines.local.scorer.frames import BadRequest, read_frame

if TYPE_CHECKING:
    from deployments.engines.local.scorer.server import ScoringServer

LARGEST_BODY = 64_000_000  # bytes


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after the other."""

    server: ScoringServer
    protocol_version = "HTTP/1.1"
    server_version = "reference-scorer"
    sys_version = ""
    timeout = 120  # idle seconds: more than a router keeps a connection
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together

    def do_GET(self) -> None:
        """Answer what the scorer says about itself and its model."""
        self._dispatch(
            {
                "/model/id": self._id,
                "/model/schema": self._schema,
                "/model/sample_request": self._sample_request,
                "/model/capabilities": lambda: self._answer(200, ["SCORE"]),
                "/readyz": self._readyz,
            },
            others={"/model/score": "POST"},
        )

    def do_POST(self) -> None:
        """Score."""
        reads = dict.fromkeys(("/model/id", "/model/schema", "/model/sample_request", "/model/capabilities"), "GET")
        self._dispatch({"/model/score": self._score}, others=reads)

    def _dispatch(self, does: dict[str, Callable[[], None]], others: dict[str, str]) -> None:
        with self.server.work.one():
            identity = self.server.identity
            path = self.path.partition("?")[0]
            if identity.base and path.startswith(f"{identity.base}/"):
                path = path.removeprefix(identity.base)
            body = self._body()
            if body is None:
                return
            self.body = body
            if path in others:
                self._refuse(405, f"{path} is asked by {others[path]}.", {"Allow": others[path]})
            elif path not in does and path != identity.readiness_path.partition("?")[0]:
                self._refuse(404, f"A scorer has no {path}.")
            elif not self.server.ready and path != "/readyz":
                self._refuse(503, "The scorer is not ready yet.")
            else:
                does.get(path, self._readyz)()

    def _body(self) -> bytes | None:
        """What was sent, None when that cannot be known and was refused."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isascii() or not length.isdigit():
            self._give_up(411, "Send the body with a Content-Length.")
        elif int(length) > LARGEST_BODY:
            self._give_up(413, f"The body has {int(length):,} bytes; at most {LARGEST_BODY:,} are read.")
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                return body
            self.close_connection = True  # the client went away
        return None

    def _readyz(self) -> None:
        ready = self.server.ready and not self.server.draining
        words = "ready" if ready else "draining" if self.server.ready else "starting"
        self._send(200 if ready else 503, "text/plain; charset=utf-8", words.encode())

    def _id(self) -> None:
        self._send(200, "text/plain; charset=utf-8", self.server.identity.model_id.encode())

    def _schema(self) -> None:
        model = self.server.model
        inputs = [{"name": name, "dataType": kind} for name, kind in model.inputs]
        outputs = [{"name": name, "dataType": kind} for name, kind in model.outputs]
        self._answer(
            200,
            {
                "id": self.server.identity.model_id,
                "description": model.description,
                "schema": {"inputFields": inputs, "outputFields": outputs},
                # so named by the documentation of the h2o-mlops client
                "input_fields": inputs,
                "output_fields": outputs,
            },
        )

    def _sample_request(self) -> None:
        model = self.server.model
        fields = [name for name, _ in model.inputs] or ["x"]
        self._answer(200, {"fields": fields, "rows": [model.sample()]})

    def _score(self) -> None:
        try:
            answer = self.server.model.score(read_frame(self.body, self.server.identity.rows_max))
        except BadRequest as fault:
            self._refuse(400, str(fault))
        else:
            self._answer(200, {"id": self.server.identity.model_id, **answer})

    def _refuse(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        self._answer(status, {"message": sentence}, headers)

    def _give_up(self, status: int, sentence: str) -> None:
        # what follows on this connection cannot be told from the body that was not read
        self._refuse(status, sentence, {"Connection": "close"})

    def _answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, "application/json", json.dumps(content).encode(), headers)

    def _send(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        if self.server.draining:
            headers = {**(headers or {}), "Connection": "close"}
        identity = self.server.identity
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Scorer-Image", identity.image)
        self.send_header("X-Scorer-Version", identity.version)
        for name, value in (headers or {}).items():
            self.send_header(name, value)  # Connection: close ends the loop, too
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request that a scorer understands, as JSON."""
        self.close_connection = True
        self._give_up(int(code), message or explain or "This is no request that a scorer understands.")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name upstream
        """Keep the log to what happens to the scorer itself."""
