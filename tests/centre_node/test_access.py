"""Every route of a node, asked with and without its token."""

import os
import stat
from pathlib import Path

import httpx
import pytest

from centre_node.access import NodeAccess, StaffToken, staff_token
from centre_node.commands import _tell_new_token
from centre_node.errors import NotAllowedError
from centre_node.main import create_app
from centre_node.reviewers import Reviewers
from centre_node.settings import Settings
from shared.access import SHOWN_TO_ANYONE, Call, Caller, Role, routes_of
from shared.errors import CannotServeError, WrongTokensError
from shared.rates import Guesses
from tests.centre_node.node_server import Node
from tests.centre_node.pages.browsed import browsed_node

TOKEN = "token-of-the-tests"
ADAS = "token-of-dr-ada-"
API = "/api/v1"
OPEN = ("GET", f"{API}/healthz")
# What the node answers to its own staff, who name no job, data set or hub that is there.
ROUTES = {
    ("GET", f"{API}/readyz"): 200,
    ("GET", f"{API}/version"): 200,
    ("GET", f"{API}/datasets"): 200,
    ("PUT", f"{API}/datasets/{{name}}"): 422,
    ("GET", f"{API}/datasets/{{name}}"): 404,
    ("PUT", f"{API}/hub-connection"): 422,
    ("DELETE", f"{API}/datasets/{{name}}"): 404,
    ("GET", f"{API}/hub-connection"): 409,
    ("DELETE", f"{API}/hub-connection"): 409,
    ("GET", f"{API}/hub-connection/fetches"): 409,
    ("GET", f"{API}/generators"): 200,
    ("GET", f"{API}/generators/{{digest}}"): 422,
    ("GET", f"{API}/signing-key"): 200,
    ("GET", f"{API}/trust"): 200,
    ("PUT", f"{API}/trust"): 200,
    ("POST", f"{API}/withdrawals"): 422,
    ("GET", f"{API}/ledger"): 200,
    ("POST", f"{API}/waivers"): 422,
    ("POST", f"{API}/receipts/review"): 422,
    ("POST", f"{API}/receipts"): 422,
    ("POST", f"{API}/jobs"): 422,
    ("GET", f"{API}/jobs"): 200,
    ("GET", f"{API}/jobs/{{job_id}}"): 404,
    ("DELETE", f"{API}/jobs/{{job_id}}"): 404,
    ("GET", f"{API}/jobs/prunable"): 200,
    ("POST", f"{API}/jobs/prune"): 200,
    ("POST", f"{API}/jobs/{{job_id}}/cancel"): 404,
    ("POST", f"{API}/jobs/{{job_id}}/resume"): 404,
    ("POST", f"{API}/jobs/{{job_id}}/approve"): 422,
    ("POST", f"{API}/jobs/{{job_id}}/reject"): 422,
    ("GET", f"{API}/jobs/{{job_id}}/events"): 404,
    ("GET", f"{API}/jobs/{{job_id}}/artifacts/{{name:path}}"): 404,
}
# Every page, and what one who has logged in is answered.
PAGES = {
    ("GET", "/"): 200,
    ("GET", "/data"): 200,
    ("POST", "/data"): 422,
    ("GET", "/data/{name}"): 404,
    ("POST", "/data/{name}/delete"): 404,
    ("GET", "/jobs"): 200,
    ("GET", "/jobs/{job_id}"): 404,
    ("GET", "/jobs/{job_id}/live"): 404,
    ("GET", "/jobs/{job_id}/files/{name:path}"): 404,
    ("POST", "/jobs/{job_id}/cancel"): 404,
    ("POST", "/jobs/{job_id}/start"): 404,
    ("POST", "/jobs/{job_id}/resume"): 404,
    ("POST", "/jobs/{job_id}/delete"): 404,
    ("GET", "/jobs/{job_id}/review"): 404,
    ("GET", "/jobs/{job_id}/sending/{name}"): 404,
    ("POST", "/jobs/{job_id}/approve"): 404,
    ("POST", "/jobs/{job_id}/reject"): 404,
    ("GET", "/jobs/{job_id}/receipt"): 404,
    ("POST", "/jobs/{job_id}/receipt"): 404,
    ("GET", "/new/{kind}"): 404,
    ("POST", "/new/{kind}"): 404,
    ("GET", "/generators"): 200,
    ("GET", "/generators/hub"): 409,
    ("GET", "/studies"): 200,
    ("GET", "/settings"): 200,
    ("POST", "/settings/hub"): 422,
    ("POST", "/settings/hub/delete"): 409,
    ("POST", "/logout"): 303,  # last: it ends the session
}
OPEN_PAGES = {("GET", "/login"), ("POST", "/login"), ("GET", "/static/{name}")}


@pytest.mark.slow
def test_every_route_but_the_health_check_needs_the_token(tmp_path: Path) -> None:
    # Every route is tried with wrong tokens, more of them than are looked at in a minute.
    node = Node(
        tmp_path / "data",
        NODE_TOKEN=TOKEN,
        NODE_WRONG_TOKENS_PER_MINUTE="10000",
        NODE_ALL_WRONG_TOKENS_PER_MINUTE="10000",
    )
    base = str(node.http.base_url).removesuffix(f"{API}/")
    answered = {}
    try:
        for (method, template), expected in ROUTES.items():
            path = template.replace("{name:path}", "x.png").format(name="x", job_id="x", digest="x")
            body = b"{}" if method in {"PUT", "POST"} else None
            for sent, status in (
                (None, 401),
                ("Bearer other", 401),
                (TOKEN, 401),
                (f"Bearer {TOKEN}", expected),
            ):
                headers = {"Content-Type": "application/json"}
                headers |= {} if sent is None else {"Authorization": sent}
                answer = httpx.request(method, base + path, content=body, headers=headers)
                answered[method, path, sent, status] = answer.status_code
        for method, template in [OPEN, *(("GET", path) for path in SHOWN_TO_ANYONE)]:
            answer = httpx.request(method, base + template)
            answered[method, template, None, 200] = answer.status_code
        strange = httpx.get(
            f"{base}{API}/jobs",
            headers={"Authorization": f"Bearer {TOKEN}", "Host": "rebound.example"},
        )
        assert TOKEN not in node.log()
    finally:
        node.stop()

    assert {key: found for key, found in answered.items() if found != key[-1]} == {}
    assert (strange.status_code, strange.json()["code"]) == (421, "GS-2203")
    assert not (tmp_path / "data" / "token").exists()


def test_every_page_needs_a_login_and_a_token_is_none(tmp_path: Path) -> None:
    answered = {}
    with browsed_node(tmp_path, token=TOKEN) as node:
        browsers = {
            "none": node.browser(None),
            "token": node.browser(None),
            "staff": node.browser(),
        }
        browsers["token"].headers["Authorization"] = f"Bearer {TOKEN}"
        for (method, template), expected in PAGES.items():
            path = template.replace(":path", "").format(name="x", job_id="x", kind="x")
            data = {"field": "x"} if method == "POST" else None
            for who, browser in browsers.items():
                status = expected if who == "staff" else 401
                answer = browser.request(method, path, data=data)
                answered[method, path, who, status] = answer.status_code
        api = node.browser().get(f"{API}/jobs").status_code

    assert {key: found for key, found in answered.items() if found != key[-1]} == {}
    assert api == 401  # a session opens no route of programs


def test_the_table_has_every_route_of_a_node(tmp_path: Path) -> None:
    routes = {
        (method, path)
        for path, route in routes_of(create_app(Settings(data_dir=tmp_path)))
        for method in getattr(route, "methods", ())
        if path not in SHOWN_TO_ANYONE
    }

    assert routes == {*ROUTES, OPEN, *PAGES, *OPEN_PAGES}


@pytest.mark.slow
def test_the_first_start_makes_a_token_and_says_where_it_lies_and_keeps_it_out_of_the_log(
    tmp_path: Path,
) -> None:
    node = Node(tmp_path / "data")
    file = tmp_path / "data" / "token"
    try:
        token = file.read_text().strip()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert node.log().count(f"which lies in {file}\n") == 1
        node.stop()
        node.start()
        assert node.http.get("/jobs").status_code == 200
        assert node.token == token
        assert node.log().count(f"which lies in {file}\n") == 1
        assert token not in node.log()
    finally:
        node.stop()


@pytest.mark.parametrize(("terminal", "printed"), [(True, 1), (False, 0)])
def test_a_new_token_is_printed_to_a_person_alone(
    terminal: bool,
    printed: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)

    _tell_new_token(StaffToken("gsn_secret", Path("data/token"), is_new=True))

    out = capsys.readouterr().out
    assert "lies in data/token" in out
    assert out.count("gsn_secret") == printed


def test_a_made_token_is_long_and_for_its_own_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        first = staff_token(Settings(data_dir=tmp_path))
    finally:
        os.umask(before)
    file = tmp_path / "token"

    assert first.is_new
    assert len(first.value) > 40
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert staff_token(Settings(data_dir=tmp_path)) == StaffToken(first.value, file)
    file.chmod(0o640)
    with pytest.raises(CannotServeError, match="others may read"):
        staff_token(Settings(data_dir=tmp_path))
    file.write_text("x")
    file.chmod(0o600)
    with pytest.raises(CannotServeError, match="holds no token"):
        staff_token(Settings(data_dir=tmp_path))


@pytest.mark.parametrize("file", [None, Path("token")])
def test_wrong_tokens_are_throttled_where_a_person_chose_the_right_one(file: Path | None) -> None:
    access = NodeAccess(StaffToken(TOKEN, file), Guesses(2, 9, clock=lambda: 0.0))
    right, wrong = (
        Call(f"Bearer {token}", "10.0.0.1", frozenset({Role.STAFF}), "")
        for token in (TOKEN, "other")
    )

    for _ in range(2):
        with pytest.raises(NotAllowedError):
            access.admit(wrong)

    if file is None:
        with pytest.raises(WrongTokensError):
            access.admit(right)
    else:
        assert access.admit(right).role is Role.STAFF


def test_reviewers_are_told_by_their_tokens_which_nobody_may_try_without_end() -> None:
    reviewers = Reviewers({"Dr Ada": ADAS, "Dr Bob": "token-of-dr-bob-"})
    access = NodeAccess(
        StaffToken(TOKEN, Path("token")), Guesses(2, 9, clock=lambda: 0.0), reviewers
    )

    def called(token: str) -> Caller:
        return access.admit(Call(f"Bearer {token}", "10.0.0.1", frozenset({Role.STAFF}), ""))

    assert called(ADAS) == Caller("Dr Ada", Role.REVIEWER, "10.0.0.1")
    assert access.reviewer("token-of-dr-bob-", "").name == "Dr Bob"
    for _ in range(2):
        with pytest.raises(NotAllowedError):
            access.reviewer(TOKEN, "10.0.0.1")
    with pytest.raises(WrongTokensError):
        called(ADAS)
    assert called(TOKEN).role is Role.STAFF


def test_two_reviewers_need_two_tokens() -> None:
    with pytest.raises(CannotServeError, match="the same token"):
        Reviewers({"Dr Ada": ADAS, "Dr Bob": ADAS})
