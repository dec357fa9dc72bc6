"""The requests that the published Python client of the NANDA index (`nanda-adapter`) makes, over urllib.

Its own package is not to be had from every package index, so these are its calls as it makes them: the same paths, put
together without escaping what it does not escape, the same bodies and headers, and the same reading of the answers.
Prints one JSON object: what each call returned.
"""
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

registry_url = sys.argv[1]
agent_id = sys.argv[2]


class Answer:
    def __init__(self, status_code, text):
        self.status_code = status_code
        self.text = text

    def json(self):
        return json.loads(self.text)


def send(method, path, body=None):
    headers = {
        "User-Agent": "python-requests/2.32.3",
        "Accept-Encoding": "gzip, deflate",
        "Accept": "*/*",
        "Connection": "keep-alive",
    }
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    # What `requests` makes of a URL: characters that no URL has become percent-encoded, nothing else does.
    url = urllib.parse.quote(registry_url + path, safe="%/:=&?~#+!$,;'@()*[]")
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return Answer(response.status, response.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())


def register_with_registry(name, agent_url, api_url):
    answer = send("POST", "/register", {"agent_id": name, "agent_url": agent_url, "api_url": api_url})
    return answer.status_code == 200


def register_from_the_page(name, public_url):
    """The page's server leaves out the API's URL."""
    return send("POST", "/register", {"agent_id": name, "agent_url": public_url}).status_code == 200


def lookup_agent(name):
    answer = send("GET", f"/lookup/{name}")
    return answer.json().get("agent_url") if answer.status_code == 200 else None


def list_registered_agents():
    answer = send("GET", "/list")
    return answer.json() if answer.status_code == 200 else None


def get_mcp_server_url(provider, name):
    answer = send("GET", f"/get_mcp_registry?registry_provider={provider}&qualified_name={name}")
    return answer.json().get("endpoint") if answer.status_code == 200 else None


def sender_name(name):
    return send("GET", f"/sender/{name}").json().get("sender_name")


def update_agent_status(name, status, metadata):
    body = {"agent_id": name, "status": status, "last_seen": "2026-11-21T09:00:00.000001", **metadata}
    return send("PUT", f"/agents/{name}/status", body).status_code == 200


page = f"{agent_id} of the page"
print(
    json.dumps(
        {
            "absent": lookup_agent(agent_id),
            "registered": register_with_registry(
                agent_id, "https://agents.example/bridge", "https://agents.example/api"
            ),
            "lookup": lookup_agent(agent_id),
            "again": register_with_registry(
                agent_id, "https://agents.example/bridge", "https://agents.example/api"
            ),
            "moved": register_with_registry(
                agent_id, "https://agents.example/moved", "https://agents.example/api"
            ),
            "lookupMoved": lookup_agent(agent_id),
            "page": register_from_the_page(page, "https://agents.example/page"),
            "lookupPage": lookup_agent(page),
            "list": list_registered_agents(),
            "mcpServer": get_mcp_server_url("smithery", "@owner/name"),
            "senderBefore": sender_name(agent_id),
            "status": update_agent_status(
                agent_id, "healthy", {"alive": True, "assigned_to": "ada", "tags": ["chat"]}
            ),
            "senderAfter": sender_name(agent_id),
            "lookupClient": lookup_agent("ada"),
            "clients": send("GET", "/clients").json(),
            "isAlive": send("GET", f"/status/{agent_id}").json(),
            "found": [agent["agent_id"] for agent in send("GET", "/search?q=&tags=chat").json()],
            "health": send("GET", "/health").json(),
            "unregistered": send("DELETE", f"/agents/{agent_id}").status_code == 200,
            "lookupGone": lookup_agent(agent_id),
            "stats": send("GET", "/stats").json(),
        }
    )
)
