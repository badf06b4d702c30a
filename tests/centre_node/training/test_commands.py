"""`genshare train-generator` and `publish` as a user types them."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from centre_node.errors import NodeError
from centre_node.generators.errors import TensorboardMissingError
from centre_node.ledger.store import LedgerStore
from centre_node.mammography.phantoms.writing import write_phantoms
from centre_node.privacy.errors import ReleasePolicyError, WaiverRefusedError
from centre_node.privacy.waivers import key_sha256, new_key
from centre_node.sampling import commands as sampling
from centre_node.sampling.drawing import synthetic_patches
from centre_node.sharing import commands as publish_commands
from centre_node.sharing.errors import NotApprovedError, ReleaseRefusedError
from centre_node.training import commands as training_commands
from centre_node.training import on_lesions
from centre_node.training.errors import TrainingFolderError
from node_api.data_sources import PhantomSet
from shared import commands as hub_commands
from shared.errors import FolderInUseError, HubUnreachableError
from shared.files import alone_in
from shared.interruption import SENTENCE
from shared.leaving import told_count
from shared.packages import open_package
from shared.terms import UseLimits
from signing import fetch_command
from tests.hub_server import ADMIN_TOKEN, RunningHub
from tests.nursery import python
from tests.waiting import wait_for

WIDE = {"COLUMNS": "400"}
CUT = ("--kinds", "mass", "--margin-px", "8", "--smallest-side-px", "16")
TINY = ("--size", "16", "--width", "4", "--batch-size", "4")
TERMS = (
    *("--centre", "centre-b", "--name", "masses", "--title", "Masses, 16 px"),
    *("--licence", "CC0 1.0", "--use-terms", "Tests", "--contact", "tests"),
)


@pytest.fixture(autouse=True)
def own_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def mammograms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve phantom patients as INbreast is laid out."""
    folder = tmp_path_factory.mktemp("data") / "inbreast"
    phantoms = PhantomSet(
        style="digital", patients=12, seed=0, image_height_px=256, healthy_share=0
    )
    write_phantoms(phantoms, folder, layout="inbreast", on_progress=lambda _done, _total: None)
    return folder


UNPUBLISHED = shutil.ignore_patterns("package", "publish.toml", "privacy.*", "earlier-*")
"""What a training's folder lacks that was never published from, nor tried to."""


def train(mammograms: Path, out: Path, *options: str | Path) -> Result:
    arguments = [str(mammograms), "--out", str(out), *CUT, *TINY, *map(str, options)]
    return CliRunner(env=WIDE).invoke(training_commands.app, arguments)


def publish(*arguments: str | Path, hub: str = "http://127.0.0.1:9", token: str = "x") -> Result:
    environment = {"GENSHARE_HUB_URL": hub, "GENSHARE_HUB_TOKEN": token}
    runner = CliRunner(env={**WIDE, **environment})
    return runner.invoke(publish_commands.app, [*map(str, arguments)])


@pytest.fixture(scope="module")
def trained(mammograms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "out"
    done = train(mammograms, out, "--epochs", "2", "--seed", "0")
    assert done.exit_code == 0, done.output
    return out


def sentence(done: Result, kind: type[Exception]) -> str:
    assert isinstance(done.exception, kind), done.output
    if isinstance(done.exception, NodeError):
        assert done.exception.code != NodeError.code
    assert "\n" not in str(done.exception)
    return str(done.exception)


@pytest.mark.slow
def test_from_mammograms_to_patches_at_another_centre(
    mammograms: Path, loopback_hub: RunningHub, tmp_path: Path
) -> None:
    out, fetched, patches = (tmp_path / name for name in ("out", "fetched", "patches"))
    token = loopback_hub.client().invite("centre-b", renew=True)
    hub = {"GENSHARE_HUB_URL": loopback_hub.url, "GENSHARE_HUB_TOKEN": token}
    runner = CliRunner()

    made = train(mammograms, out, "--loss", "wgan-gp", "--epochs", "6", "--seed", "3", "--json")
    sent = publish(out, *TERMS, "--json", hub=loopback_hub.url, token=token)
    again = publish(out, *TERMS, "--json", hub=loopback_hub.url, token=token)
    got = runner.invoke(fetch_command.app, ["centre-b", "masses", "--out", str(fetched)], env=hub)
    sample = [str(fetched), "--count", "5", "--seed", "7", "--out", str(patches)]
    drawn = runner.invoke(sampling.app, [*sample, "--format", "npy"])

    for done in (made, sent, again, got, drawn):
        assert done.exit_code == 0, done.output
    result = json.loads(made.stdout)
    assert result["training"] | {"loss": "wgan-gp", "epochs": 6, "seed": 3} == result["training"]
    assert json.loads(sent.stdout)["new"]
    assert json.loads(again.stdout) == {**json.loads(sent.stdout), "new": False}
    card = open_package(fetched).card
    assert (card.centre, card.name, card.title) == ("centre-b", "masses", "Masses, 16 px")
    assert card.training_set.patches == told_count(result["patches"]) >= 5
    assert card.training_set.patients == told_count(result["patients"]) <= 12
    assert (card.fidelity, result["fidelity"]["mode_collapse"]["spread_share"]) == (None, None)
    own = open_package(out / "package")
    expected = synthetic_patches(own, count=5, seed=7, device=torch.device("cpu"))
    np.testing.assert_array_equal(np.load(patches / "patches.npy"), expected)
    assert {path.name for path in fetched.iterdir()} == {
        "audit-statement.json",
        "card.json",
        "manifest.json",
        "weights.safetensors",
    }


@pytest.mark.slow
def test_a_training_leaves_weights_losses_pictures_and_fidelity(trained: Path) -> None:
    losses = (trained / "losses.csv").read_text().splitlines()
    facts = json.loads((trained / "trained.json").read_text())

    assert len(losses) == 3
    assert (trained / "weights.safetensors").is_file()
    assert sorted(path.name for path in (trained / "pictures").iterdir()) == [
        "nearest-neighbours.png",
        "real-patches.png",
        "side-by-side.png",
    ]
    assert (trained / "samples" / "epoch-0002.png").is_file()
    assert facts["fidelity"]["synthetic"]["patches"] > 0
    assert facts["cutting"] == {"margin_px": 8, "smallest_side_px": 16}
    assert (trained / "trained.json").stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_tensorboard_is_written_beside_the_same_weights(
    mammograms: Path, trained: Path, tmp_path: Path
) -> None:
    done = train(mammograms, tmp_path / "out", "--epochs", "2", "--seed", "0", "--tensorboard")

    assert done.exit_code == 0, done.output
    assert list((tmp_path / "out" / "tensorboard").glob("events.out.tfevents.*"))
    assert not (trained / "tensorboard").exists()
    weights = [folder / "weights.safetensors" for folder in (tmp_path / "out", trained)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_tensorboard_that_is_not_installed_is_told_before_anything_is_cut(
    mammograms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)

    done = train(mammograms, tmp_path / "out", "--epochs", "2", "--seed", "0", "--tensorboard")

    assert "tensorboard is not installed" in sentence(done, TensorboardMissingError)
    assert not (tmp_path / "out").exists()


def test_a_finished_folder_is_not_trained_again(mammograms: Path, trained: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in trained.rglob("*")}

    done = train(mammograms, trained, "--epochs", "2")

    assert done.exit_code == 0, done.output
    assert "dcgan, 2 epochs on " in done.output
    assert "nobody is held out: " in done.output
    assert {path: path.stat().st_mtime_ns for path in trained.rglob("*")} == before


@pytest.mark.slow
def test_without_a_seed_it_is_the_operating_systems_and_the_same_command_goes_on_with_it(
    mammograms: Path, tmp_path: Path
) -> None:
    options = ("--epochs", "1", "--hold-out-share", "0.4", "--json")
    first, again, other = (train(mammograms, tmp_path / name, *options) for name in "aab")

    for done in (first, again, other):
        assert done.exit_code == 0, done.output
    seeds = [json.loads(done.stdout)["training"]["seed"] for done in (first, again, other)]
    assert seeds[0] == seeds[1] != seeds[2]
    assert min(seeds) > 2**32
    held_out = json.loads(first.stdout)["held_out"]
    assert held_out["share"] == 0.4
    assert held_out["statement"].startswith(f"held out: {held_out['patients']} of ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--epochs", "3"), "training.epochs is 2 there and 3 here"),
        (("--epochs", "2", "--seed", "1"), "training.seed is 0 there and 1 here"),
        (("--epochs", "2", "--hold-out-share", "0.5"), "hold_out.share is None there and 0.5 here"),
        (("--epochs", "2", "--margin-px", "9"), "patches.margin_px is 8 there and 9 here"),
        (("--epochs", "2", "--where", "view=CC"), "where is [] there and ['view=CC'] here"),
        (("--epochs", "2", "--threads", "2"), "threads is 1 there and 2 here"),
    ],
)
def test_another_training_in_the_folder_is_named_by_what_differs(
    mammograms: Path, trained: Path, options: tuple[str, ...], said: str
) -> None:
    assert said in sentence(train(mammograms, trained, *options), TrainingFolderError)


@pytest.mark.slow
def test_a_folder_of_an_earlier_version_which_held_nobody_out_is_gone_on_with(
    mammograms: Path, trained: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(trained, tmp_path / "out")
    (out / "held-out.json").unlink()
    for name, later in (("plan.json", "hold_out"), ("trained.json", "held_out")):
        document = json.loads((out / name).read_text())
        assert (document["training"]["seed"], later in document) == (0, True)
        del document[later]
        (out / name).write_text(json.dumps(document))

    finished = train(mammograms, out, "--epochs", "2")
    (out / "trained.json").unlink()
    measured_anew = train(mammograms, out, "--epochs", "2", "--json")

    for done in (finished, measured_anew):
        assert done.exit_code == 0, done.output
    assert "held out" not in finished.output
    assert "held_out" not in json.loads(measured_anew.stdout)
    assert json.loads(measured_anew.stdout)["training"]["seed"] == 0


def test_what_is_refused_before_the_training_begins_leaves_nothing(
    mammograms: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        done = train(mammograms, tmp_path / name, "--epochs", "1", "--batch-size", "4000")

        assert "fewer than one batch of 4000" in sentence(done, NodeError)
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def test_what_an_interruption_left_before_the_training_began_stays_and_may_be_changed(
    mammograms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, options = tmp_path / "out", ("--epochs", "1", "--batch-size")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(on_lesions, "train_generator", interrupted)
        train(mammograms, out, *options, "4")
    left = {path.name for path in out.iterdir()}
    too_large = train(mammograms, out, *options, "4000")

    assert {"plan.json", "patches"} <= left == {path.name for path in out.iterdir()}
    assert "fewer than one batch of 4000" in sentence(too_large, NodeError)
    assert train(mammograms, out, *options, "4").exit_code == 0


@pytest.mark.slow
def test_a_folder_that_another_process_trains_in_is_left_alone(
    mammograms: Path, trained: Path
) -> None:
    with alone_in(trained):
        refused = train(mammograms, trained, "--epochs", "2")

    assert f"another process is working in {trained}" in sentence(refused, FolderInUseError)
    assert train(mammograms, trained, "--epochs", "2").exit_code == 0


def test_a_folder_of_something_else_is_not_written_to(mammograms: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")

    done = train(mammograms, tmp_path, "--epochs", "1")

    assert "is not empty, and holds no plan.json" in sentence(done, TrainingFolderError)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_gives_any_field_and_an_option_outweighs_it(
    mammograms: Path, tmp_path: Path
) -> None:
    file = tmp_path / "generator.toml"
    file.write_text(
        "[architecture]\nlatent_size = 8\nwidth = 64\n"
        "[training]\nloss = 'relativistic'\nepochs = 1\nlearning_rate = 1e-3\n"
    )
    done = train(mammograms, tmp_path / "out", "--training", file, "--width", "16", "--json")

    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["architecture"]["kind"] == "residual"
    assert (result["architecture"]["latent_size"], result["architecture"]["width"]) == (8, 16)
    assert (result["training"]["learning_rate"], result["training"]["batch_size"]) == (1e-3, 4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--loss", "hinge"), "--loss is 'hinge'; it must be one of dcgan, wgan-gp"),
        (("--size", "100"), "--size is '100'; image_size must be a power of two"),
        (("--epochs", "0"), "--epochs is '0'; it must be a whole number, 1 or more"),
        (("--kinds", "lump"), "--kinds is 'lump'"),
        (("--margin-mm", "4"), "give one of them"),
        (("--training", "nowhere.toml"), "nowhere.toml cannot be read: No such file"),
        (("--training", "{broken}"), "is no TOML"),
        (("--training", "{empty}"), "says nothing"),
        (("--training", "{unknown}"), "epochs"),
        (("--recipe", "best"), "--recipe is 'best'; it must be one of paper, improved"),
        (("--recipe", "paper", "--loss", "relativistic"), "the paper has no relativistic loss"),
        (("--training", "{misspelt}"), "training.epoch"),
    ],
)
def test_wrong_usage_is_named_and_leaves_nothing(
    mammograms: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    texts = {
        "broken": "[",
        "empty": "# to be filled in",
        "unknown": "epochs = 3",
        "misspelt": "[training]\nepoch = 3",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    filled = [option.format(**{name: tmp_path / name for name in texts}) for option in options]

    done = train(mammograms, tmp_path / "out", *filled)

    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_terminated_it_says_how_to_go_on_and_goes_on_to_the_same_bits(
    mammograms: Path, tmp_path: Path
) -> None:
    file = tmp_path / "generator.toml"
    file.write_text("[training]\nepochs = 30\ncheckpoint_every_epochs = 3\n")
    options = ("--training", file, "--seed", "0")
    arguments = [mammograms, "--out", tmp_path / "out", *CUT, *TINY, *options]
    process = subprocess.Popen(
        [python(), "-m", "genshare", "train-generator", *map(str, arguments)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )
    assert process.stderr is not None
    wait_for((tmp_path / "out" / "checkpoint.pt").exists)
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()

    assert process.wait() == 143
    assert rest.splitlines()[-1] == SENTENCE
    assert "Traceback" not in rest
    assert not list((tmp_path / "out").glob(".*"))
    assert not (tmp_path / "out" / "trained.json").exists()
    for name in ("out", "whole"):
        assert train(mammograms, tmp_path / name, *options).exit_code == 0
    weights = [tmp_path / name / "weights.safetensors" for name in ("out", "whole")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_package_is_built_and_not_sent_when_dry(trained: Path) -> None:
    done = publish(trained, *TERMS, "--dry-run", "--samples", "4")

    assert done.exit_code == 0, done.output
    assert "centre-b/masses: built, and not sent" in done.output
    package = open_package(trained / "package")
    assert package.digest in done.output
    assert "samples.png" in [file.name for file in package.files]


@pytest.mark.slow
def test_the_same_training_done_twice_makes_the_same_package(
    mammograms: Path, trained: Path, tmp_path: Path
) -> None:
    """Another process, order of hashes, place of the data and order of the files in it."""
    copied = tmp_path / "moved" / mammograms.name
    for path in sorted(mammograms.rglob("*"), reverse=True):
        if path.is_file():
            target = copied / path.relative_to(mammograms)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    again, seeded = tmp_path / "again", tmp_path / "other seed"
    arguments = [copied, "--out", again, *CUT, *TINY, "--epochs", "2", "--seed", "0"]
    subprocess.run(
        [python(), "-m", "genshare", "train-generator", *map(str, arguments)],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "PYTHONHASHSEED": "1"},
    )
    assert train(mammograms, seeded, "--epochs", "2", "--seed", "1").exit_code == 0

    for folder in (trained, again, seeded):
        assert publish(folder, *TERMS, "--dry-run").exit_code == 0
    first, second, other = (
        open_package(folder / "package").digest for folder in (trained, again, seeded)
    )
    assert first == second != other


def test_other_terms_make_another_package(trained: Path) -> None:
    for licence in ("CC0 1.0", "CC BY 4.0"):
        publish(trained, *TERMS, "--licence", licence, "--dry-run")

        assert open_package(trained / "package").card.licence == licence


def test_what_a_person_looked_at_is_sent_by_its_digest_and_nothing_else_is(
    trained: Path, loopback_hub: RunningHub, tmp_path: Path
) -> None:
    folder, hub = tmp_path / "folder", loopback_hub.url
    shutil.copytree(trained, folder, ignore=UNPUBLISHED)
    token = loopback_hub.client(ADMIN_TOKEN).invite("centre-b", renew=True)
    terms = [*TERMS, "--name", "looked-at"]

    shown = publish(folder, *terms, "--dry-run", "--review", hub=hub, token=token)
    digest = shown.output.partition("digest of all this: ")[2][:64]
    nobody = publish(folder, "--review", hub=hub, token=token)
    other = publish(folder, "--approve", "0" * 64, hub=hub, token=token)
    elsewhere = publish(folder, "--approve", digest, hub=f"{hub}/", token=token)
    sent = publish(folder, "--approve", digest, hub=hub, token=token)

    assert f"would be sent to {hub} as centre-b/looked-at:" in shown.output
    assert "no terminal to ask at" in sentence(nobody, NotApprovedError)
    assert "000000000000 was approved" in sentence(other, NotApprovedError)
    assert digest[:12] in sentence(elsewhere, NotApprovedError)
    assert "centre-b/looked-at: published as version 1" in sent.output


def test_terms_are_remembered_and_what_left_before_is_kept(
    trained: Path, loopback_hub: RunningHub, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(trained, folder, ignore=UNPUBLISHED)
    token = loopback_hub.client(ADMIN_TOKEN).invite("centre-b", renew=True)

    first = publish(folder, *TERMS, "--name", "kept", hub=loopback_hub.url, token=token)
    left = open_package(folder / "package")
    page = (folder / "privacy.html").read_text()
    again = publish(folder, hub=loopback_hub.url, token=token)
    publish(folder, "--title", "Only tried", "--dry-run")
    other = publish(folder, "--title", "Another", hub=loopback_hub.url, token=token)

    assert "centre-b/kept: published as version 1" in first.output
    assert "centre-b/kept: already published as version 1" in again.output
    assert "nothing was sent" in again.output
    assert "centre-b/kept: published as version 2" in other.output
    assert "token" not in (folder / "publish.toml").read_text()
    assert [path.name for path in (folder / "earlier-packages").iterdir()] == [left.digest]
    assert open_package(folder / "earlier-packages" / left.digest).card == left.card
    pages = [path.read_text() for path in (folder / "earlier-pages").glob("*/privacy.html")]
    assert (len(pages), pages.count(page)) == (2, 1), "of what was only tried, too"


def test_limits_of_use_stand_on_the_card_until_they_are_lifted(trained: Path) -> None:
    who = ("--for-centres", "centre-a, centre-c", "--for-purpose", "Research on detection")
    limits = (*who, "--use-until", "2999-12-31", "--most-samples", "5000")

    done = publish(trained, *TERMS, "--dry-run", *limits)
    use = open_package(trained / "package").card.use
    wrong = publish(trained, *TERMS, "--dry-run", "--use-until", "2027-02-30")
    again = publish(trained, "--dry-run")
    kept = open_package(trained / "package").card.use
    lines = (trained / "publish.toml").read_text().splitlines(keepends=True)
    (trained / "publish.toml").write_text("".join(x for x in lines if not x.startswith("use =")))
    lifted = publish(trained, "--dry-run")

    assert done.exit_code == 0, done.output
    assert use == kept
    assert use == UseLimits(
        centres=("centre-a", "centre-c"),
        purpose="Research on detection",
        until="2999-12-31",
        most_samples=5000,
    )
    assert f"limits of use: {use}" in again.output
    assert "limits of use: none" in lifted.output
    assert open_package(trained / "package").card.use is None
    assert (wrong.exit_code, "--use-until is '2027-02-30'" in wrong.output) == (2, True)


def test_weights_in_proportion_make_another_package(trained: Path) -> None:
    done = publish(trained, *TERMS, "--dry-run", "--proportion", "weights.safetensors=2")

    assert done.exit_code == 0, done.output
    assert [file.share for file in open_package(trained / "package").card.weights] == [1.0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--proportion", "weights.safetensors"), "is no FILE=NUMBER, such as"),
        (("--proportion", "weights.safetensors=0"), "weights.safetensors=0 must be above 0"),
        (("--proportion", "weights.safetensors=nan"), "must be above 0"),
        (("--proportion", "x.safetensors=1"), "the training kept no x.safetensors; it kept"),
        (("--proportion", "weights.safetensors=1", "--ensemble"), "--ensemble takes every weight"),
    ],
)
def test_wrong_proportions_are_one_sentence(
    trained: Path, options: tuple[str, ...], said: str
) -> None:
    done = publish(trained, *TERMS, "--dry-run", *options)

    assert done.exit_code != 0
    assert said in " ".join(f"{done.output} {done.exception}".replace("│", " ").split())


def test_a_package_is_sent_as_it_is(
    trained: Path, loopback_hub: RunningHub, tmp_path: Path
) -> None:
    publish(trained, *TERMS, "--name", "as-it-is", "--dry-run")
    package = (trained / "package").rename(tmp_path / "package")
    token = loopback_hub.client(ADMIN_TOKEN).invite("centre-b", renew=True)

    done = publish(package, hub=loopback_hub.url, token=token)
    refused = publish(package, "--title", "Another", hub=loopback_hub.url, token=token)

    assert done.exit_code == 0, done.output
    assert "centre-b/as-it-is: published as version 1" in done.output
    assert refused.exit_code == 2
    assert "leave out --title" in refused.output


@pytest.mark.slow
def test_what_cannot_be_published_is_one_sentence(trained: Path, tmp_path: Path) -> None:
    nowhere = publish(tmp_path / "nowhere", *TERMS)
    silent = publish(trained, *TERMS)
    markup = publish(trained, *TERMS, "--title", "<b>", "--dry-run")
    (trained / "publish.toml").unlink()
    bare = publish(trained, "--name", "masses")

    assert "is no package, and holds no trained.json" in sentence(nowhere, TrainingFolderError)
    assert "no answer from the hub" in sentence(silent, HubUnreachableError)
    assert (bare.exit_code, markup.exit_code) == (2, 2)
    assert "--title is '<b>'; it must be" in markup.output
    assert "--title, --licence, --use-terms, --contact, --centre too" in bare.output


def test_help_shows_worked_examples() -> None:
    for app, command in (
        (training_commands.app, "train-generator"),
        (publish_commands.app, "publish"),
    ):
        assert f"genshare {command} " in CliRunner().invoke(app, ["--help"]).output


@pytest.mark.slow
def test_a_private_training_says_what_it_promises_and_so_does_its_card(
    mammograms: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "private.toml"
    settings.write_text("[training.privacy]\nsampling_rate = 0.25\n")
    options = ("--recipe", "private", "--epsilon", "5", "--epochs", "2", "--training", settings)

    done = train(mammograms, tmp_path / "out", *options)

    assert done.exit_code == 0, done.output
    assert "Differential privacy of each patient with epsilon 4.99" in done.output
    trained = json.loads((tmp_path / "out" / "trained.json").read_text())
    assert (trained["privacy"]["steps"], trained["fidelity"]) == (8, None)
    sent = publish(tmp_path / "out", *TERMS, "--dry-run")
    assert sent.exit_code == 0, sent.output
    card = open_package(tmp_path / "out" / "package").card
    assert card.privacy.promise is not None
    assert card.privacy.promise.epsilon == trained["privacy"]["epsilon"]


@pytest.mark.slow
def test_a_training_starts_from_phantoms_and_from_no_patients(
    mammograms: Path, trained: Path, tmp_path: Path
) -> None:
    phantoms = ("--phantoms", "digital", "--out", str(tmp_path / "phantoms"), *CUT, *TINY)
    options = ("--epochs", "1", "--seed", "0")
    private = ("--recipe", "private", "--epsilon", "50")
    runner = CliRunner(env=WIDE)
    assert (
        runner.invoke(training_commands.app, [*phantoms, *options, "--loss", "wgan-gp"]).exit_code
        == 0
    )

    start = ("--start-from", tmp_path / "phantoms")
    done = train(mammograms, tmp_path / "out", *options, *private, *start)
    refused = train(mammograms, tmp_path / "other", *options, "--start-from", trained)

    assert done.exit_code == 0, done.output
    run = json.loads((tmp_path / "out" / "training.json").read_text())
    checkpoint = (tmp_path / "phantoms" / "checkpoint.pt").read_bytes()
    assert run["start_sha256"] == hashlib.sha256(checkpoint).hexdigest()
    assert "was trained on mammograms" in sentence(refused, TrainingFolderError)
    assert not (tmp_path / "other").exists()


def test_a_policy_holds_a_training_back_until_a_second_person_waives(
    trained: Path, tmp_path: Path, loopback_hub: RunningHub
) -> None:
    key, policy = new_key(), tmp_path / "policy.toml"
    officer = f'[[may_waive]]\nname = "The officer"\nkey_sha256 = "{key_sha256(key)}"\n'
    policy.write_text(f"audit_required = true\n{officer}")
    token = loopback_hub.client().invite("centre-b", renew=True)
    ledger = tmp_path / "ledger.sqlite"
    given = (*TERMS, "--name", "waived", "--policy", policy, "--ledger", ledger)
    waived = (*given, "--waiver-reason", "Phantoms only.", "--waiver-key")

    held = publish(trained, *given, hub=loopback_hub.url, token=token)
    page = (trained / "privacy.html").read_text()
    stranger = publish(trained, *waived, new_key(), hub=loopback_hub.url, token=token)
    sent = publish(trained, *waived, key, hub=loopback_hub.url, token=token)
    shown = CliRunner(env={"GENSHARE_HUB_URL": loopback_hub.url, "GENSHARE_HUB_TOKEN": token})
    told = shown.invoke(hub_commands.app, ["show", "centre-b", "waived"])

    assert "no audit of these weights was made; the policy asks for one" in sentence(
        held, ReleaseRefusedError
    )
    assert "<b>refused</b>" in page
    assert "none of those who may waive: The officer" in sentence(stranger, WaiverRefusedError)
    assert sent.exit_code == 0, sent.output
    assert "released all the same by The officer: Phantoms only." in sent.stdout
    assert "audit: refused by the centre's own policy" in told.stderr
    assert json.loads(told.stdout)["version"] == 1
    entries = LedgerStore(ledger).read(most=9)
    assert [(entry.released, entry.version) for entry in entries.entries] == [
        (True, 1),
        (False, None),
    ]
    assert {patient.patient.partition("/")[0] for patient in entries.patients} == {"inbreast"}
    assert key not in ledger.read_bytes().decode("latin-1") + sent.output + told.output


def test_a_policy_with_an_unknown_key_sends_and_builds_nothing(
    trained: Path, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("audits_required = true")
    shutil.rmtree(trained / "package", ignore_errors=True)

    done = publish(trained, *TERMS, "--policy", policy)

    assert "it has no key 'audits_required'" in sentence(done, ReleasePolicyError)
    assert not (trained / "package").exists()
