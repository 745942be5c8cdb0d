"""/audit: for admins alone."""

from core import times
from db import audit, credentials


def key(site, *scopes):
    with site.database.write() as session:
        return {"Authorization": "Bearer " + credentials.issue(session, "key", "desk", scopes, times.now())[1]}


def test_lines_are_for_admins_alone(site):
    admin, reader = key(site, "admin"), key(site, "read")
    inside = site.inside()
    assert inside.get("/api/v1/audit").status_code == 401
    assert inside.get("/api/v1/audit", headers=reader).status_code == 403
    assert site.outside(public_read=True).get("/api/v1/audit").status_code == 401
    found = inside.get("/api/v1/audit", headers=admin).json()
    assert [item["detail"]["did"] for item in found["items"]] == ["used", "used", "issued", "issued"]


def test_pages_and_their_cursors(site):
    admin = key(site, "admin")
    with site.database.write() as session:
        for number in range(4):
            audit.append(session, "backup", f"file/{number}", {}, times.now())
    first = site.inside().get("/api/v1/audit?limit=3", headers=admin).json()
    rest = site.inside().get(f"/api/v1/audit?limit=3&cursor={first['next_cursor']}", headers=admin).json()
    assert [x["line"] for x in first["items"] + rest["items"]] == [6, 5, 4, 3, 2, 1]
    assert rest["next_cursor"] is None
    assert site.inside().get("/api/v1/audit?cursor=x", headers=admin).status_code == 422
    assert site.inside().get("/api/v1/audit?page=2", headers=admin).status_code == 422


def test_a_key_is_told_of_once_a_day_however_often_it_asks(site):
    admin = key(site, "admin")
    for _ in range(5):
        site.inside().get("/api/v1/posts", headers=admin)
    with site.database.read() as session:
        assert [x["detail"]["did"] for x in audit.listed(session, 9)] == ["used", "issued"]
