#!/usr/bin/env python3
"""An agent in Python over the HTTP API of a weft daemon: the standard library and nothing else.

    python3 agent.py [data folder of the daemon]

The daemon keeps the keys; this program registers an agent, reads it back from the network, watches it in a thread,
changes it, and revokes it.
"""

import json
import pathlib
import queue
import sys
import threading
import urllib.error
import urllib.request


class Daemon:
    """The control API, found through the data folder: `api.json` says where it is and which file holds the token."""

    def __init__(self, folder: pathlib.Path) -> None:
        place = json.loads((folder / "api.json").read_text())
        self.url = place["url"]
        self.headers = {"authorization": "Bearer " + pathlib.Path(place["tokenFile"]).read_text().strip()}

    def open(self, method: str, path: str, body: dict | None = None, timeout: float = 60):
        data = None if body is None else json.dumps(body).encode()
        headers = self.headers | ({} if body is None else {"content-type": "application/json"})
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        return urllib.request.urlopen(request, timeout=timeout)

    def call(self, method: str, path: str, body: dict | None = None) -> dict:
        """The answer; errors are problem documents (RFC 9457) with a stable `code`."""
        try:
            with self.open(method, path, body) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            raise SystemExit(f"{method} {path}: {problem['code']}: {problem['detail']}") from None

    def changes(self, agent: str) -> queue.Queue:
        """Changes of one agent as they are accepted: one JSON object a line, for as long as this process runs."""
        heard: queue.Queue = queue.Queue()

        def read() -> None:
            with self.open("GET", f"/v1/changes?agent={agent}", timeout=60) as lines:
                for line in lines:
                    item = json.loads(line)
                    if item["type"] != "heartbeat":
                        heard.put(item)

        threading.Thread(target=read, daemon=True).start()
        return heard


def say(what: str, detail: str = "") -> None:
    print(f"{what:<12} {detail}".rstrip(), flush=True)


def main() -> None:
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "~/.weft").expanduser()
    daemon = Daemon(folder)
    status = daemon.call("GET", "/v1/status")
    say("daemon", f"{status['version']}, {status['connectedPeers']} peers")

    registered = daemon.call(
        "POST", "/v1/agents", {"primaryFactsUrl": "https://python.example/facts", "acknowledgements": 1}
    )
    agent = registered["agentId"]
    say("registered", agent)

    changes = daemon.changes(agent)
    assert changes.get(timeout=10)["type"] == "listening"

    found = daemon.call("GET", f"/v1/agents/{agent}?fresh=true")
    say("resolved", f"{found['status']}, {found['record']['fields']['primary']['url']}")

    daemon.call(
        "PATCH", f"/v1/agents/{agent}", {"primaryFactsUrl": "https://python.example/facts-2", "acknowledgements": 1}
    )
    found = daemon.call("GET", f"/v1/agents/{agent}?fresh=true")
    say("updated", found["record"]["fields"]["primary"]["url"])

    daemon.call("POST", f"/v1/agents/{agent}/revoke", {"reason": "cessationOfOperation", "acknowledgements": 1})
    change = ""
    while change != "tombstoned":
        change = changes.get(timeout=10)["change"]
        say("heard", change)
    say("resolved", daemon.call("GET", f"/v1/agents/{agent}")["status"])


if __name__ == "__main__":
    main()
