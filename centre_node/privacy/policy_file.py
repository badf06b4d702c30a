"""Reads a centre's release policy: a TOML file that lies at the centre, and that no hub sends."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from centre_node.privacy.errors import ReleasePolicyError
from node_api.release import POLICY_FILE, ReleasePolicy
from shared.models import validation_summary


def policy_of(data_dir: Path, named: Path | None) -> ReleasePolicy:
    """Return a node's policy: of the file that is named, else of the one in its data folder.

    Without either, the defaults hold.

    Raises:
        ReleasePolicyError: See `read_policy`.
    """
    if named is not None:
        return read_policy(named)
    path = data_dir / POLICY_FILE
    return read_policy(path) if path.exists() else ReleasePolicy()


def read_policy(path: Path) -> ReleasePolicy:
    """Read a policy.

    Raises:
        ReleasePolicyError: The file cannot be read, is no TOML, has a key that no policy has, or a
            value that it cannot have.
    """
    try:
        return ReleasePolicy.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ReleasePolicyError(f"the policy {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ReleasePolicyError(f"the policy {path}: {_summary(error)}") from error
    except ValueError as error:  # of tomllib, or no UTF-8
        raise ReleasePolicyError(f"the policy {path} is no TOML: {error}") from error


def _summary(error: ValidationError) -> str:
    """Say what is wrong; an unknown key with those that there are, for it guards nothing."""
    unknown = [fault["loc"] for fault in error.errors() if fault["type"] == "extra_forbidden"]
    if not unknown:
        return validation_summary(error)
    key = ".".join(map(str, unknown[0]))
    known = ", ".join(name for name in ReleasePolicy.model_fields if name != "schema_version")
    return f"it has no key {ascii(key)[:80]}; a policy's keys are {known}"
