from pathlib import Path

import pytest

from centre_node.main import create_app
from centre_node.privacy.errors import ReleasePolicyError
from centre_node.privacy.policy_file import policy_of, read_policy
from centre_node.settings import Settings
from node_api.release import POLICY_FILE, Budget, ReleasePolicy
from shared.errors import CannotServeError


def test_a_policy_is_read_and_what_it_does_not_say_has_its_default(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        "audit_required = true\n"
        "[largest_auroc]\npatch = 0.6\n"
        "[budget_per_patient]\nversions = 3\n"
        '[[attacks]]\nattack = "inversion"\nlargest_auroc = { patient = 0.7 }\n'
    )

    policy = read_policy(path)

    assert policy.audit_required
    assert policy.budget_per_patient == Budget(versions=3)
    assert policy.auroc_bound("inversion", "patient") == 0.7
    assert policy.auroc_bound("inversion", "patch") == 0.6
    assert policy.auroc_bound("density ratio", "patient") is None
    assert policy.largest_hit_rate == ReleasePolicy().largest_hit_rate


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("audit_requird = true", r"it has no key 'audit_requird'; a policy's keys are audit_req"),
        ("[largest_auroc]\nimage = 1", "it has no key 'largest_auroc.image'"),
        ("least_patients = 0", "least_patients: must be 1 or more"),
        ("[largest_auroc]\npatch = nan", "largest_auroc.patch"),
        ("audit_required", "is no TOML"),
        (
            '[[may_waive]]\nname = "A"\nkey_sha256 = "secret"',
            "may_waive.0.key_sha256: must be a SHA-256: 64 digits",
        ),
        ('attacks = [{attack = "inversion"}, {attack = "inversion"}]', "'inversion' twice"),
    ],
)
def test_a_policy_that_guards_nothing_is_refused_in_one_sentence(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)

    with pytest.raises(ReleasePolicyError, match=said) as refused:
        read_policy(path)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_node_obeys_the_policy_that_is_named_else_that_of_its_folder_else_the_defaults(
    tmp_path: Path,
) -> None:
    named = tmp_path / "named.toml"
    named.write_text("least_patients = 70")

    assert policy_of(tmp_path, None) == ReleasePolicy()
    (tmp_path / POLICY_FILE).write_text("least_patients = 60")
    assert policy_of(tmp_path, None).least_patients == 60
    assert policy_of(tmp_path, named).least_patients == 70
    with pytest.raises(ReleasePolicyError, match="cannot be read: No such file"):
        policy_of(tmp_path, tmp_path / "missing.toml")


def test_the_docs_have_every_key_and_an_example_that_is_a_policy(tmp_path: Path) -> None:
    docs = (Path(__file__).parents[3] / "docs" / "privacy.md").read_text()
    example = docs.partition("```toml\n")[2].partition("```")[0]
    path = tmp_path / "policy.toml"
    path.write_text(example)

    assert read_policy(path).audit_required
    for key in ReleasePolicy.model_fields.keys() - {"schema_version"}:
        assert f"| `{key}`" in docs or f", `{key}` |" in docs, key


def test_a_node_with_an_unusable_policy_does_not_start(tmp_path: Path) -> None:
    (tmp_path / POLICY_FILE).write_text("audit = true")

    with pytest.raises(CannotServeError, match="it has no key 'audit'"):
        create_app(Settings(data_dir=tmp_path))
