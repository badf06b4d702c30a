"""What the tests of pages watch for, does it fail them?"""

from pathlib import Path

import pytest

from tests.browser import chromium, watched
from tests.web_pages.service import SOMEONE, running_service

STYLE = "document.body.insertAdjacentHTML('beforeend', '<p style=color:red>red</p>')"
SCRIPT = "document.body.appendChild(document.createElement('script')).text = 'alert(1)'"
ELSEWHERE = "document.body.insertAdjacentHTML('beforeend', '<img src=https://example.org/x.png>')"


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [STYLE, SCRIPT, ELSEWHERE], ids=["style", "script", "elsewhere"])
def test_a_violation_of_the_content_security_policy_fails_a_test(
    tmp_path: Path, wrong: str
) -> None:
    with running_service(tmp_path) as service, chromium() as browser:
        window = watched(browser, service.url)
        page = window.__enter__().new_page()
        page.goto(f"/login?once={service.logins.new_link(SOMEONE)}")
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/data")
        page.evaluate(wrong)
        page.wait_for_timeout(100)

        with pytest.raises(AssertionError, match="Content Security Policy"):
            window.__exit__(None, None, None)
