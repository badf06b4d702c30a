"""The paper's classifiers. Networks only: no loss, no optimiser."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import interpolate

from node_api.classifier_training import SWIN_SIDE_PX

CHANNELS = (1, 16, 32, 64, 128)
HIDDEN_FEATURES = 128
CLASSES = 2
DROPOUT = 0.2

SWIN = "swin_tiny_patch4_window7_224"
SWIN_CHANNELS = 3
DROP_PATH = 0.1


class Cnn(nn.Module):
    """Four convolutional and two linear layers; 1,146,850 parameters at 128 px.

    Maps patches, shape (batch, 1, image_size, image_size), in [-1, 1], to logits, shape
    (batch, 2), of healthy and lesion.

    Source: paper section 2.4.1; the numbers of channels are those of its published code.
    """

    def __init__(self, image_size: int) -> None:
        super().__init__()
        if image_size < 16 or image_size % 16:
            raise ValueError(f"image_size must be a multiple of 16, not {image_size}")
        side = image_size // 16
        self.blocks = nn.Sequential(*(_block(*channels) for channels in pairwise(CHANNELS)))
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(CHANNELS[-1] * side**2, HIDDEN_FEATURES),
            nn.BatchNorm1d(HIDDEN_FEATURES),
            nn.ReLU(),
            nn.Dropout(DROPOUT),
            nn.Linear(HIDDEN_FEATURES, CLASSES),
        )

    def forward(self, patches: Tensor) -> Tensor:
        """Return two logits for each patch."""
        x = self.blocks(patches)  # (batch, 128, image_size / 16, image_size / 16)
        logits: Tensor = self.head(x)  # (batch, 2)
        return logits


def _block(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1),
        nn.BatchNorm2d(channels_out),
        nn.MaxPool2d(2),
        nn.ReLU(),
    )


def swin(side_px: int = SWIN_SIDE_PX) -> nn.Module:
    """Return a Swin-T with random weights, of 27,520,892 parameters at 224 px.

    Maps patches, shape (batch, 1, side, side), of any side, in [-1, 1], to logits, shape
    (batch, 2), of healthy and lesion. Its tensors have timm's names, so that weights saved from
    timm's Swin-T fit.

    Args:
        side_px: That patches are resized to, a multiple of 32. Attention windows are as wide as
            the image where that is smaller, so that tables of position biases are smaller below
            224 px: weights of one side do not fit another.

    Source: paper section 2.4.1; Liu et al. 2021 (arXiv 2103.14030).
    """
    import timm  # takes seconds, and only a Swin needs it

    network: nn.Module = timm.create_model(
        SWIN, pretrained=False, num_classes=CLASSES, drop_path_rate=DROP_PATH, img_size=side_px
    )
    network.register_forward_pre_hook(lambda _network, inputs: _in_swins_form(inputs[0], side_px))
    return network


def _in_swins_form(patches: Tensor, side_px: int) -> Tensor:
    """Resize patches by area interpolation and copy their grey to three channels."""
    if patches.shape[-1] != side_px:
        patches = interpolate(patches, size=(side_px, side_px), mode="area")
    return patches.expand(-1, SWIN_CHANNELS, -1, -1)  # (batch, 3, side, side)
