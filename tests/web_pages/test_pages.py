"""Frame, login and guard of pages, seen from a browser's side of the wire."""

import re
import sqlite3
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shared.access import Caller, Role
from tests.certificates import encrypted_settings
from tests.web_pages.service import SOMEONE, Service, running_service
from web_pages.forms import MOST_FIELDS
from web_pages.static_files import static_files, static_url

READER = Caller("centre-a", Role.READER)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running_service(tmp_path) as running:
        yield running


def test_a_link_opens_one_session_by_a_button_and_is_used_up(service: Service) -> None:
    link = service.logins.new_link(SOMEONE)
    first, second = service.browser(), service.browser()

    looked = [first.get("/login", params={"once": link}) for _ in range(3)]
    opened = first.post("/login", data={"once": link})
    again = second.post("/login", data={"once": link})

    assert {page.status_code for page in looked} == {200}
    assert f'value="{link}"' in looked[0].text
    assert (opened.status_code, opened.headers["Location"]) == (303, "/data")
    assert first.get("/data").status_code == 200
    assert (again.status_code, second.get("/data").status_code) == (410, 401)
    assert "is not one of this service" in again.text


@pytest.mark.parametrize(("minutes", "status"), [(4.9, 303), (5.1, 410)])
def test_a_link_is_for_five_minutes(service: Service, minutes: float, status: int) -> None:
    link = service.logins.new_link(SOMEONE)
    service.clock.pass_minutes(minutes)

    assert service.browser().post("/login", data={"once": link}).status_code == status


def test_a_session_ends_after_eight_hours(service: Service) -> None:
    browser = service.browser(SOMEONE)

    service.clock.pass_minutes(8 * 60 - 1)
    before = browser.get("/data").status_code
    service.clock.pass_minutes(2)

    assert (before, browser.get("/data").status_code) == (200, 401)


def test_who_logs_out_is_out_even_with_the_old_cookie(service: Service) -> None:
    browser = service.browser(SOMEONE)
    cookies = dict(browser.cookies)

    left = browser.post("/logout")

    assert (left.status_code, left.headers["Location"]) == (303, "/login")
    assert not browser.cookies
    assert httpx.get(service.url + "/data", cookies=cookies).status_code == 401


def test_one_who_is_not_known_any_more_is_out(tmp_path: Path) -> None:
    known = {"someone"}
    with running_service(tmp_path, known=known) as service:
        browser = service.browser(SOMEONE)
        before = browser.get("/data").status_code
        known.clear()

        assert (before, browser.get("/data").status_code) == (200, 401)


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(service: Service) -> None:
    link = service.logins.new_link(SOMEONE)
    browser = service.browser()

    cookie = browser.post("/login", data={"once": link}).headers["Set-Cookie"]
    behind_tls = httpx.post(
        service.url + "/login",
        data={"once": service.logins.new_link(SOMEONE)},
        headers={"Origin": service.url, "X-Forwarded-Proto": "https"},
    ).headers["Set-Cookie"]

    port = httpx.URL(service.url).port
    assert re.match(rf"genshare-{port}=gss_[\w-]{{43}};", cookie)
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Secure" not in behind_tls  # anyone can send that header; a trusted proxy alone is heard


def test_over_tls_the_cookie_is_for_tls_alone(tmp_path: Path) -> None:
    settings = encrypted_settings(tmp_path)
    trusted = ssl.create_default_context(cafile=settings.tls_certificate)
    with (
        running_service(tmp_path, settings=settings) as service,
        httpx.Client(base_url=service.url, verify=trusted) as browser,
    ):
        browser.headers["Origin"] = service.url
        opened = browser.post("/login", data={"once": service.logins.new_link(SOMEONE)})
        shown = browser.get("/data")

    cookie = opened.headers["Set-Cookie"]
    assert cookie.startswith("__Host-genshare-")
    assert {"Secure", "HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert shown.status_code == 200


def test_behind_a_proxy_with_tls_the_cookie_is_for_tls_alone(tmp_path: Path) -> None:
    with running_service(tmp_path, public_url="https://hub.example.org/") as service:
        answer = httpx.post(
            service.url + "/login",
            data={"once": service.logins.new_link(SOMEONE)},
            headers={"Origin": "https://hub.example.org", "Sec-Fetch-Site": "same-origin"},
        )

    cookie = answer.headers["Set-Cookie"]
    assert answer.status_code == 303
    assert cookie.startswith("__Host-genshare-")
    assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))


def test_the_database_has_no_secret_in_it(service: Service, tmp_path: Path) -> None:
    service.logins.new_link(SOMEONE)
    service.browser(SOMEONE)

    with sqlite3.connect(tmp_path / "logins.sqlite") as database:
        dump = "".join(database.iterdump())

    assert "someone" in dump
    assert "gsl_" not in dump
    assert "gss_" not in dump


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": None},
    ],
)
def test_a_form_of_another_site_changes_nothing(
    service: Service, sent: dict[str, str | None]
) -> None:
    cookies = dict(service.browser(SOMEONE).cookies)
    own = {"Origin": service.url, "Sec-Fetch-Site": "same-origin"}
    headers = {name: value for name, value in {**own, **sent}.items() if value is not None}

    refused = httpx.post(
        service.url + "/data", cookies=cookies, headers={"Accept": "text/html", **headers}
    )
    taken = httpx.post(service.url + "/data", cookies=cookies, headers=own)

    assert refused.status_code == 403
    assert "GS-1353" in refused.text
    assert taken.status_code == 204
    assert service.changes == ["changed"]


def test_nobody_gets_in_by_a_token_or_with_another_role(service: Service) -> None:
    answers = [
        httpx.get(service.url + "/data"),
        httpx.get(service.url + "/data", headers={"Authorization": "Bearer anything"}),
        service.browser(READER).get("/data"),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 403]
    assert "Centre-a cannot see data" in answers[-1].text


def test_an_error_is_a_page_for_a_browser_and_a_problem_for_a_program(service: Service) -> None:
    page = service.browser().get("/nowhere")
    problem = httpx.get(service.url + "/nowhere")

    assert (page.status_code, problem.status_code) == (404, 404)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "There is no page at this address." in page.text
    assert "/docs" not in page.text
    assert "See what there is" in page.text
    assert page.headers["X-Request-Id"] in page.text
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json()["code"] == "GS-0003"


def test_a_part_of_a_page_that_cannot_be_had_becomes_a_whole_error(service: Service) -> None:
    browser = service.browser()
    browser.headers["HX-Request"] = "true"

    assert browser.get("/data?page=2").headers["HX-Redirect"] == "/data?page=2"
    assert (
        browser.get(f"{service.url}//evil.example/x").headers["HX-Redirect"] == "/evil.example/x?"
    )
    assert "HX-Redirect" not in service.browser().get("/data").headers


def test_a_page_may_load_from_its_own_service_only_and_has_nothing_inline(
    service: Service,
) -> None:
    page = service.browser(SOMEONE).get("/data")

    assert page.headers.get_list("Content-Security-Policy") == [
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ]
    assert page.headers.get_list("Referrer-Policy") == ["same-origin"]
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert not re.search(r"<style|style=|\son\w+=|javascript:|https?://", page.text)
    assert re.findall(r"<script[^>]*>(.*?)</script>", page.text) == [""]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


def test_a_static_file_may_be_kept_for_ever_for_its_name_tells_its_content(
    service: Service,
) -> None:
    for name in ("style.css", "htmx.min.js", "icon.svg"):
        url = service.url + static_url(name)
        answer = httpx.get(url)
        known = httpx.get(url, headers={"If-None-Match": answer.headers["ETag"]})

        assert answer.status_code == 200
        assert "max-age=31536000, immutable" in answer.headers["Cache-Control"]
        assert known.status_code == 304
    assert httpx.get(service.url + "/static/style.css").status_code == 404
    assert not [name for name in static_files() if "LICENSE" in name]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"once=%ff"),
        ("application/x-www-form-urlencoded", b"once=\xff"),
        ("application/x-www-form-urlencoded", b"a=1&" * (MOST_FIELDS + 1)),
    ],
)
def test_what_is_no_form_is_refused(service: Service, kind: str, content: bytes) -> None:
    headers = {"Content-Type": kind}

    answer = service.browser().post("/login", content=content, headers=headers)

    assert answer.status_code == 422
    assert "GS-1355" in answer.text
