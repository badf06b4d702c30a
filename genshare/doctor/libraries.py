"""Python and the libraries of a centre, which a process of its own imports: one may be damaged."""

import json
import platform
import subprocess
import sys
from collections.abc import Iterator

from shared.findings import Finding, broken, fine, notice

IMPORT_SECONDS = 120.0
LIBRARIES = (
    "numpy",
    "scipy",
    "sklearn",
    "cv2",
    "pydicom",
    "PIL",
    "pyarrow",
    "safetensors",
    "matplotlib",
    "torch",
    "timm",
)
IMPORTED = f"""
import importlib, json

found = {{"versions": {{}}, "faults": {{}}, "gpus": None}}
for name in {LIBRARIES!r}:
    try:
        module = importlib.import_module(name)
        found["versions"][name] = str(getattr(module, "__version__", "of no known version"))
    except Exception as error:
        found["faults"][name] = f"{{type(error).__name__}}: {{error}}"
if "torch" in found["versions"]:
    import torch

    devices = range(torch.cuda.device_count() if torch.cuda.is_available() else 0)
    found["gpus"] = [torch.cuda.get_device_name(device) for device in devices]
print(json.dumps(found))
"""
INSTALL = "pip install 'genshare[all]' in this Python's environment"


def look_at_python() -> Iterator[Finding]:
    """Say which Python this is."""
    yield fine("Python", f"{platform.python_version()} at {sys.executable}")


def look_at_libraries() -> Iterator[Finding]:
    """Say which libraries can be imported, and what networks run on."""
    command = [sys.executable, "-W", "ignore", "-c", IMPORTED]
    try:
        done = subprocess.run(  # noqa: S603 (this Python)
            command, capture_output=True, text=True, timeout=IMPORT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        yield broken(
            "libraries",
            f"importing them took longer than {IMPORT_SECONDS:.0f} s",
            "See whether the environment lies on a slow network disk, and move it to a local one",
        )
        return
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
        yield broken(
            "libraries", f"importing them ended with {done.returncode}: {last}", f"Again {INSTALL}"
        )
        return
    found = json.loads(done.stdout.splitlines()[-1])
    yield _imported(found["versions"], found["faults"])
    if found["gpus"] is not None:
        yield _gpus(found["gpus"], _driver())


def _imported(versions: dict[str, str], faults: dict[str, str]) -> Finding:
    if not faults:
        return fine("libraries", ", ".join(f"{name} {told}" for name, told in versions.items()))
    if all(fault.startswith("ModuleNotFoundError") for fault in faults.values()):
        return broken(
            "libraries",
            f"not installed: {', '.join(faults)}; a hub needs none of them, a centre all",
            INSTALL[0].upper() + INSTALL[1:],
        )
    told = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
    return broken(
        "libraries",
        f"cannot be imported: {told}",
        "Remove them with pip uninstall, then " + INSTALL + "; torch, torchvision and timm must be "
        "of one build",
    )


def _driver() -> str | None:
    """Return what the driver of NVIDIA's GPUs says of itself; None where it does not answer."""
    asked = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(  # noqa: S603 (found by PATH, as its users would)
            asked, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _gpus(usable: list[str], driver: str | None) -> Finding:
    if usable:
        return fine("GPU", f"{', '.join(usable)}; driver: {driver or 'does not answer'}")
    if driver is None:
        return notice(
            "GPU",
            "none; networks run on the processors",
            "Nothing, for phantoms and trials; trainings of the paper's size want a GPU with CUDA",
        )
    return broken(
        "GPU",
        f"the driver sees {driver}, but torch cannot use it",
        "Install a torch that is built for this driver's CUDA, or update the driver; in "
        "containers, add docker/compose.gpu.yml",
    )
