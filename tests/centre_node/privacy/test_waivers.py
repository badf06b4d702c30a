import pytest

from centre_node.privacy.errors import WaiverRefusedError
from centre_node.privacy.waivers import check_waiver, key_sha256, new_key
from node_api.release import MayWaive, ReleasePolicy
from shared.statements import StatedWaiver

KEY = new_key()
POLICY = ReleasePolicy(
    may_waive=(
        MayWaive(name="Head of radiology", key_sha256=key_sha256(new_key())),
        MayWaive(name="Data protection officer", key_sha256=key_sha256(KEY)),
    )
)


def test_whoever_has_a_key_waives_under_the_name_that_the_policy_gives() -> None:
    waiver = check_waiver(POLICY, key=KEY, reason=" Phantoms only. ")

    assert waiver == StatedWaiver(by="Data protection officer", reason="Phantoms only.")


@pytest.mark.parametrize(
    ("key", "reason", "said"),
    [
        (new_key(), "Phantoms only.", "none of those who may waive: Head of radiology, Data"),
        ("", "Phantoms only.", "this key is none"),
        (KEY, "", "the waiver is refused: reason"),
        (KEY, "Agreed for patient id 7 on 2024-05-06", "the waiver's reason is refused"),
    ],
    ids=["another key", "no key", "no reason", "a reason with a number and a date"],
)
def test_a_wrong_key_or_a_reason_that_may_not_leave_is_refused(
    key: str, reason: str, said: str
) -> None:
    with pytest.raises(WaiverRefusedError, match=said) as refused:
        check_waiver(POLICY, key=key, reason=reason)
    assert not key or key not in str(refused.value)


def test_without_anybody_named_nobody_waives() -> None:
    with pytest.raises(WaiverRefusedError, match="who may waive: nobody"):
        check_waiver(ReleasePolicy(), key=KEY, reason="Phantoms only.")
