"""What the operator decides in a browser, and what others see of it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shared.terms import UseLimits
from signing.keys import make_key
from signing.publishing import Signer
from tests.hub_server import OPERATOR, RunningHub, running_hub
from tests.packages import A_PICTURE, safetensors_bytes, write_tiny_package
from tests.packages import TINY as ARCHITECTURE
from tests.statements import a_statement

PLACE = "/generators/centre-b/lesions-dcgan/1"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    """A hub whose operator approves; a centre has handed one version in, another looks on."""
    with running_hub(tmp_path / "hub", approval="operator") as running:
        running.invited("centre-a")
        package = write_tiny_package(tmp_path / "package", samples=A_PICTURE)
        owner = running.invited("centre-b")
        owner.state(owner.publish(package), a_statement(subject=package.digest))
        yield running


def decide(browser: httpx.Client, state: str, reason: str = "", place: str = PLACE) -> int:
    form = {"state": state, "reason": reason}
    return browser.post(f"{place}/state", data=form).status_code


def test_what_waits_is_in_the_queue_until_the_operator_approves_it(hub: RunningHub) -> None:
    operator, owner, other = map(hub.browser, (OPERATOR, "centre-b", "centre-a"))

    assert "lesions-dcgan" in operator.get("/reviews").text
    assert "has not approved it" in operator.get(PLACE).text
    assert "pending review" in owner.get(PLACE).text
    assert 'action="' + PLACE not in owner.get(PLACE).text
    assert other.get(PLACE).status_code == 404
    assert "lesions-dcgan" not in other.get("/generators?state=pending_review").text

    assert decide(operator, "approved") == 303

    assert "Nothing waits for you" in operator.get("/reviews").text
    assert other.get(PLACE).status_code == 200
    assert "lesions-dcgan" in other.get("/generators").text
    entry = operator.get("/log?action=state_changed").text
    assert "before: pending_review; state: approved" in entry
    assert "operator" in entry


def test_what_is_withdrawn_says_why_and_gives_nothing_out(hub: RunningHub) -> None:
    operator, other = hub.browser(OPERATOR), hub.browser("centre-a")
    decide(operator, "approved")

    assert decide(operator, "withdrawn") == 422  # for it has no reason
    assert decide(operator, "withdrawn", "The training set held copies") == 303

    page = other.get(PLACE).text
    assert "<b>withdrawn</b>: The training set held copies." in page
    assert "genshare fetch" not in page
    assert "samples.png" not in page.replace('scope="row">samples.png', "")
    assert other.get(PLACE + "/samples.png").status_code == 410
    assert "lesions-dcgan" not in other.get("/generators").text
    assert "lesions-dcgan" in other.get("/generators?state=withdrawn").text
    assert decide(operator, "approved") == 409


@pytest.mark.parametrize(
    ("state", "reason"),
    [("", ""), ("nonsense", ""), ("withdrawn", "<b>"), ("withdrawn", "x" * 301)],
)
def test_a_decision_that_is_none_is_a_page_with_a_reason(
    hub: RunningHub, state: str, reason: str
) -> None:
    operator = hub.browser(OPERATOR)

    answer = operator.post(f"{PLACE}/state", data={"state": state, "reason": reason})

    assert answer.status_code == 422
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<h1>" in answer.text
    assert "pending review" in operator.get(PLACE).text


def test_where_all_are_withdrawn_the_list_says_so_and_leads_there(hub: RunningHub) -> None:
    operator = hub.browser(OPERATOR)
    decide(operator, "approved")
    decide(operator, "withdrawn", "It held copies")

    page = operator.get("/generators").text

    assert 'None in use; <a href="/generators?state=withdrawn">1 is withdrawn</a>.' in page
    assert "lesions-dcgan" in operator.get("/generators?state=withdrawn").text


def test_an_address_that_asks_for_what_there_is_not_says_what_there_is(hub: RunningHub) -> None:
    answer = hub.browser(OPERATOR).get("/generators?state=foo&centre=No+Name")

    assert answer.status_code == 422
    assert "state: must be &#39;draft&#39;" in answer.text
    assert "centre: must be lower-case letters" in answer.text
    assert "literal" not in answer.text
    assert "constrained" not in answer.text
    assert hub.browser(OPERATOR).get("/generators?state=&centre=&kind=").status_code == 200


def test_nobody_but_the_operator_decides(hub: RunningHub) -> None:
    for name in ("centre-b", "centre-a"):
        assert decide(hub.browser(name), "approved") == 403

    assert "pending review" in hub.browser(OPERATOR).get(PLACE).text


def test_an_address_without_a_version_leads_to_the_newest_in_use(
    hub: RunningHub, tmp_path: Path
) -> None:
    operator = hub.browser(OPERATOR)
    decide(operator, "approved")
    weights = safetensors_bytes(ARCHITECTURE.generator_tensors(), 0.25)
    hub.invited("centre-b").publish(write_tiny_package(tmp_path / "second", weights))

    before = operator.get("/generators/centre-b/lesions-dcgan").headers["Location"]
    decide(operator, "approved", place="/generators/centre-b/lesions-dcgan/2")
    after = operator.get("/generators/centre-b/lesions-dcgan").headers["Location"]

    assert (before, after) == (PLACE, "/generators/centre-b/lesions-dcgan/2")
    assert "There is a newer one" in operator.get(PLACE).text
    assert operator.get("/generators/centre-b/nothing").status_code == 404


def test_a_page_says_with_which_key_its_centre_signed_or_that_it_did_not(
    hub: RunningHub, tmp_path: Path
) -> None:
    operator, owner = hub.browser(OPERATOR), hub.invited("centre-b")
    before = operator.get(PLACE).text
    key, record = make_key(tmp_path / "key.pem"), owner.version("centre-b", "lesions-dcgan", 1)

    Signer(key, owner).sign(record, a_statement(subject=record.manifest_digest))
    page, centres = operator.get(PLACE).text, operator.get("/centres").text

    assert "has not signed this version" in before
    assert page.count(f"signed by centre-b with the key <code>{key.public.fingerprint}") == 2
    assert centres.count(key.public.fingerprint) == 1


def test_who_may_not_fetch_a_generator_is_told_why_and_sees_no_samples(
    hub: RunningHub, tmp_path: Path
) -> None:
    use = UseLimits(centres=("centre-b", "centre-d"), purpose="Research")
    package = write_tiny_package(tmp_path / "kept", name="kept", samples=A_PICTURE, use=use)
    hub.invited("centre-b").publish(package)
    place = "/generators/centre-b/kept/1"
    decide(hub.browser(OPERATOR), "approved", place=place)

    page, own = (hub.browser(name).get(place).text for name in ("centre-a", "centre-b"))

    assert "for centre-b and centre-d; purpose: Research" in page
    assert "is for centre-b and centre-d alone, not for centre-a" in page
    assert "genshare fetch" not in page
    assert f"{place}/samples.png" not in page
    assert hub.browser("centre-a").get(place + "/samples.png").status_code == 403
    assert "genshare fetch" in own
    assert f"{place}/samples.png" in own
