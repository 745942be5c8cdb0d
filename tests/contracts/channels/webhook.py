"""Webhooks."""

SAME = [
    ("https://Hook.Example:443/a#b", "HTTPS://hook.example/a"),
    ("http://hook.example", "http://hook.example:80/"),
]
OTHER = [
    ("https://hook.example/a", "https://hook.example/A"),
    ("https://hook.example/?a=1", "https://hook.example/?a=2"),
]
NONSENSE = ["hook.example", "ftp://hook.example/", "reader@example.org", "https://", "javascript:alert(1)"]
SECRET = [
    ("http://me:S3cretly@127.0.0.1:1/in", ["S3cretly"]),
    ("http://127.0.0.1:1/in?key=S3cretly&x=0ther", ["S3cretly", "0ther"]),
    ("http://127.0.0.1:1/in/3f2a9c1eaaaa4bbb8ccc0123456789ab", ["3f2a9c1e"]),
]
AWAY = "http://127.0.0.1:1/"
SETTINGS: dict[str, str] = {}
