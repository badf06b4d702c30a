"""Whose signature passes, by what is pinned and what the mode is."""

from datetime import date
from pathlib import Path

import pytest

from shared.packages import Package
from shared.records import CentreKey
from signing.errors import KeyNotTrustedError, NotSignedError, SignatureRefusedError, SigningError
from signing.judging import Judged, judge
from signing.keys import SigningKey
from signing.packages import sign_package
from signing.trust import SigningMode, Trust
from tests.packages import write_tiny_package
from tests.signing.made_up import CENTRE, a_key, listed, of_package

TODAY = date(2026, 1, 2)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return write_tiny_package(tmp_path_factory.mktemp("made"))


def judged(
    trust: Trust, package: Package, signer: SigningKey | None, keys: tuple[CentreKey, ...]
) -> Judged:
    content = None if signer is None else sign_package(signer, package.card, package.manifest)
    return judge(trust, CENTRE, content, keys, of_package(package), today=TODAY)


def pinning(*keys: SigningKey, mode: SigningMode = "enforce") -> Trust:
    trust = Trust(mode=mode, first_use=False)
    for key in keys:
        trust = trust.with_key(CENTRE, key.public.fingerprint, "pinned", since=TODAY)
    return trust


def test_a_pinned_key_passes_and_is_remembered_whole(package: Package) -> None:
    key = a_key()

    found = judged(pinning(key), package, key, listed(key))

    assert found.finding.how == "pinned"
    assert "which is pinned here" in found.finding.sentence
    assert [kept.public_key for kept in found.trust.of(CENTRE).keys] == [key.public.pem]
    assert judged(found.trust, package, key, ()).finding == found.finding  # the hub lists none


@pytest.mark.parametrize("mode", ["warn", "enforce"])
def test_another_key_than_the_pinned_one_is_refused_in_either_mode(
    package: Package, mode: SigningMode
) -> None:
    mine, other = a_key(), a_key()

    with pytest.raises(KeyNotTrustedError, match="somebody else may have signed it"):
        judged(pinning(mine, mode=mode), package, other, listed(other))


def test_who_lists_anothers_key_as_its_own_has_not_signed_with_it(package: Package) -> None:
    mine, other = a_key(), a_key()
    forged = sign_package(other, package.card, package.manifest).replace(
        other.public.fingerprint.encode(), mine.public.fingerprint.encode()
    )

    with pytest.raises(SignatureRefusedError, match="not signed with the key"):
        judge(pinning(mine), CENTRE, forged, listed(mine), of_package(package), today=TODAY)


@pytest.mark.parametrize(
    ("mode", "pinned", "how"),
    [
        ("off", False, "not looked at"),
        ("warn", False, "unsigned"),
        ("warn", True, "unsigned before"),
        ("enforce", False, None),
        ("enforce", True, None),
    ],
)
def test_what_is_not_signed(
    package: Package, mode: SigningMode, pinned: bool, how: str | None
) -> None:
    trust = pinning(*([a_key()] if pinned else []), mode=mode)
    if how is None:
        with pytest.raises(NotSignedError, match="the hub left its signature out"):
            judged(trust, package, None, ())
        return
    finding = judged(trust, package, None, ()).finding
    assert finding.how == how
    assert finding.is_warning == (how != "not looked at")
    assert not finding.is_trusted


def test_the_first_key_is_trusted_only_where_that_is_allowed(package: Package) -> None:
    key, other = a_key(), a_key()
    strict = Trust(mode="enforce", first_use=False)

    first = judged(Trust(), package, key, listed(key))
    again = judged(first.trust, package, key, listed(key))
    warned = judged(Trust(first_use=False), package, key, listed(key))

    assert (first.finding.how, again.finding.how) == ("first use", "first use")
    assert warned.finding.how == "unknown key"
    assert warned.trust.of(CENTRE).keys == ()
    assert f"genshare trust add centre-b {key.public.fingerprint}" in warned.finding.sentence
    with pytest.raises(KeyNotTrustedError, match="no key of centre-b is pinned here"):
        judged(strict, package, key, listed(key))
    with pytest.raises(KeyNotTrustedError):
        judged(first.trust, package, other, listed(other))


def test_a_pinned_key_hands_over_to_the_next_and_that_one_to_the_next_but_one(
    package: Package,
) -> None:
    first, second, third = a_key(), a_key(), a_key()
    keys = listed(first, second, third)

    later = judged(pinning(first), package, third, keys)
    before = judged(pinning(third), package, first, keys)

    assert (later.finding.how, before.finding.how) == ("rotation", "rotation")
    assert judged(later.trust, package, third, ()).finding.how == "rotation"


def test_no_key_hands_over_for_another_centre_or_without_both_signatures(package: Package) -> None:
    first, second = a_key(), a_key()
    honest = listed(first, second)
    lists = {
        "another centre's": listed(first, second, centre="centre-c"),
        "none": (honest[0], honest[1].model_copy(update={"rotation": None})),
        "of another number": (honest[0], honest[1].model_copy(update={"number": 3})),
        "by a key of its own": (honest[0], listed(second, a_key())[1]),
        "by another key": (honest[0], listed(a_key(), second)[1]),
    }
    for what, keys in lists.items():
        with pytest.raises(SigningError) as refused:
            judged(pinning(first), package, second, keys)
        assert isinstance(refused.value, KeyNotTrustedError), what


def test_a_signature_of_another_package_is_refused(package: Package, tmp_path: Path) -> None:
    key, other = a_key(), write_tiny_package(tmp_path, title="Another")
    content = sign_package(key, other.card, other.manifest)

    with pytest.raises(SignatureRefusedError, match="other files than those of the package"):
        judge(pinning(key), CENTRE, content, listed(key), of_package(package), today=TODAY)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b'{"mediaType": "x"}', b"\xff", b"{" * 50_000, b"0" * 1_000_000],
)
def test_what_is_no_bundle_is_one_sentence(package: Package, content: bytes) -> None:
    with pytest.raises(SignatureRefusedError):
        judge(Trust(), CENTRE, content, (), of_package(package), today=TODAY)
