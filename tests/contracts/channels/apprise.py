"""Services of Apprise."""

SAME = [
    ("json://Host.Example/hook", " JSON://host.example/hook?redirect=yes"),
    (
        "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    ),
    ("ntfys://topic?rto=3", "ntfys://topic"),
]
OTHER = [("ntfys://topic", "ntfys://other"), ("json://host.example/a", "jsons://host.example/a")]
NONSENSE = ["host.example", "unheardof://host", "syslog://", "mailto://me:pw@example.org", "file:///etc/hostname"]
SECRET = [
    ("json://me:S3cretly@127.0.0.1:1/in", ["S3cretly"]),
    ("gotify://127.0.0.1:1/A4p0VvyM6sTokn0", ["A4p0VvyM6sTokn0"]),
    ("json://127.0.0.1:1/in?-key=S3cretly", ["S3cretly"]),
]
AWAY = "json://127.0.0.1:1/"
SETTINGS: dict[str, str] = {}
