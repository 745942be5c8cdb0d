"""HEAD answers as GET does, without the body."""

import pytest

PLACES = [
    "/",
    "/sources",
    "/signin",
    "/docs",
    "/openapi.json",
    "/healthz",
    "/posts/file:office.example/1",
    "/api/v1/posts?limit=1",
    "/api/v1/posts/file:office.example/1",
    "/api/v1/posts?limit=0",
    "/api/v1/timeline",
    "/api/v1/topics",
    "/api/v1/coverage",
    "/nothing",
]


@pytest.mark.parametrize("path", PLACES)
def test_head_has_status_and_headers_of_get_and_no_body(inside, path):
    whole, head = inside.get(path), inside.head(path)
    assert head.status_code == whole.status_code
    assert head.content == b"" and len(whole.content) > 0
    assert head.headers.keys() == whole.headers.keys()
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_head_of_a_static_file_is_its_length_as_it_leaves(inside, encoding):
    asked = {"Accept-Encoding": encoding}
    whole = inside.get("/static/base.css", headers=asked)
    head = inside.head("/static/base.css", headers=asked)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert (int(head.headers["content-length"]) == len(whole.content)) == (encoding == "identity")


def test_head_where_get_is_refused_is_refused(inside, shared):
    assert inside.head("/signout").status_code == inside.get("/signout").status_code == 405
    assert shared.outside().head("/api/v1/posts").status_code == 401
