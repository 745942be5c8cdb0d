"""Mail."""

SAME = [("Reader@Example.org", " reader@example.ORG "), ("a@bücher.example", "A@xn--bcher-kva.example")]
OTHER = [("reader@example.org", "reader+kle@example.org"), ("reader@example.org", "reader@example.net")]
NONSENSE = ["https://example.org/", "reader at example.org", "reader@example.org, other@example.org"]
SECRET: list[tuple[str, list[str]]] = []
AWAY = "reader@example.org"
SETTINGS = {"smtp_url": "smtp://me:S3cretly@127.0.0.1:1", "mail_from": "kle@example.org"}
