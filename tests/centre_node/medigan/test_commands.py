"""`genshare import-medigan` and `export-medigan` as a user types them."""

import json
from pathlib import Path

import torch
from typer.testing import CliRunner

from centre_node.medigan.commands import app
from shared.packages import open_package
from tests.centre_node.medigan.layouts import OptimamGenerator, metadata, zipped
from tests.command_line import Genshare

TERMS = ("--centre", "centre-c", "--use-terms", "Research only", "--contact", "a@example.org")


def test_a_zip_becomes_a_package_and_its_metadata_come_back(
    tmp_path: Path, genshare: Genshare
) -> None:
    weights, out = tmp_path / "malign_mass_gen", tmp_path / "optimam"
    torch.save(OptimamGenerator().state_dict(), weights)
    source = zipped(tmp_path / "MALIGN_DCGAN.zip", {"MALIGN_DCGAN/malign_mass_gen": weights})
    about = tmp_path / "global.json"
    about.write_text(json.dumps(metadata("00002_DCGAN_MMG_MASS_ROI", "malign_mass_gen", "")))

    done = genshare("import-medigan", source, "--metadata", about, "--out", out, *TERMS)
    exported = genshare("export-medigan", out, "--out", tmp_path / "metadata.json")

    assert (done.code, done.stderr) == (0, "")
    assert f"{out}: medigan's 00002_DCGAN_MMG_MASS_ROI as centre-c/medigan-00002" in done.stdout
    assert "not known, and so said on the card: patients" in done.stdout
    assert open_package(out).digest in done.stdout
    assert (exported.code, exported.stderr) == (0, "")
    back = json.loads((tmp_path / "metadata.json").read_text())["00002_DCGAN_MMG_MASS_ROI"]
    given = json.loads(about.read_text())["00002_DCGAN_MMG_MASS_ROI"]
    for field in ("title", "version", "publication", "doi", "provided_after_epoch"):
        assert back["description"][field] == given["description"][field]
    for field in ("dataset", "license"):
        assert back["selection"][field] == given["selection"][field]


def test_what_cannot_be_imported_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, genshare: Genshare
) -> None:
    source = zipped(tmp_path / "package.zip", {"../500.pt": b"\x80\x02"})

    done = genshare("import-medigan", source, "--out", tmp_path / "out", *TERMS)

    assert done.code == 1
    assert done.stderr.startswith("error: the zip package.zip names '../500.pt', which is no path")
    assert "(GS-3411)" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["package.zip"]


def test_a_count_that_could_point_at_a_person_is_wrong_usage(tmp_path: Path) -> None:
    arguments = ["import-medigan", "x", "--out", str(tmp_path / "o"), *TERMS, "--patients", "4"]

    done = CliRunner().invoke(app, arguments)

    assert done.exit_code == 2
    assert "--patients" in done.output


def test_help_shows_worked_examples() -> None:
    for command in ("import-medigan", "export-medigan"):
        assert f"genshare {command} " in CliRunner().invoke(app, [command, "--help"]).output
