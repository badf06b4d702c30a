"""A generator's weights as safetensors: the only part of a training that may leave."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import nn

from centre_node.generators.construction import blank_generator
from shared.architectures import Architecture
from shared.files import put_in_place, write_whole
from shared.weights import inspect_weights


def export_weights(generator: nn.Module, architecture: Architecture, path: Path) -> None:
    """Write exactly the architecture's tensors, as float32, and check the file before it appears.

    Raises:
        NonFiniteWeightsError: A weight is NaN or infinite.
        WrongTensorsError: The generator is not of that architecture.
    """
    state = generator.state_dict()
    tensors = {
        name: state[name].detach().to("cpu", torch.float32).contiguous()
        for name in architecture.generator_tensors()
    }
    candidate = path.with_name(f".{path.name}.unchecked")
    try:
        write_whole(candidate, lambda file: file.write(save(tensors)))
        inspect_weights(candidate, architecture.generator_tensors())
        put_in_place(candidate, path)
    finally:
        candidate.unlink(missing_ok=True)


def load_generator(path: Path, architecture: Architecture, device: torch.device) -> nn.Module:
    """Return a generator in evaluation mode with the weights of a file.

    Raises:
        WeightsRefusedError: The file is not what the architecture declares.
    """
    inspect_weights(path, architecture.generator_tensors())
    generator = blank_generator(architecture)
    tensors = load_file(path)
    counters = {
        name: torch.tensor(0)
        for name in generator.state_dict()
        if name.endswith(".num_batches_tracked")
    }
    generator.load_state_dict({**tensors, **counters}, assign=True)
    return generator.to(device).eval()
