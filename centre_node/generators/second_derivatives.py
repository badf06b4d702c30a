"""Second derivatives of convolutions, cheaper than PyTorch's own: what a gradient penalty needs.

PyTorch derives a convolution's gradient at weights by a convolution whose kernel is a whole map,
and sends zeros back through the first pass, because it does not know that a leaky ReLU has no
curvature. Written out, a penalty costs four convolutions a layer: the scores, their gradient at
the points, and what that gradient's derivative needs for the layer before and for the weights.
Only the order of sums differs.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.functional import conv2d, leaky_relu
from torch.overrides import TorchFunctionMode


class CheapSecondDerivatives(TorchFunctionMode):
    """What is called within it is cheap to derive twice: convolutions of maps and leaky ReLUs.

    Everything else stays as it is, so any network may be called. A backward pass with
    `create_graph` reaches the inputs of convolutions and not their weights; the pass without it
    reaches both.
    """

    def __torch_function__(
        self,
        function: Callable[..., Any],
        _types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call the function, or what stands for it here."""
        replaced = _REPLACEMENTS.get(function, function)
        return replaced(*args, **(kwargs or {}))


class _Layout(NamedTuple):
    """Stride, padding and dilation along both axes, and the groups, of a convolution."""

    stride: list[int]
    padding: list[int]
    dilation: list[int]
    groups: int


class _Convolution(Function):
    """A convolution of maps, (batch, channels, height, width), and its first derivative."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, layout: _Layout
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.layout, ctx.biased = layout, bias is not None
        return conv2d(x, weight, bias, *layout)

    @staticmethod
    def backward(ctx: Any, towards: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        if torch.is_grad_enabled():  # this pass will be derived again
            return _InputGradient.apply(towards, x.detach(), weight, ctx.layout), None, None, None
        wanted = [ctx.needs_input_grad[0], ctx.needs_input_grad[1], ctx.biased]
        return (*_gradients(towards, x, weight, ctx.layout, wanted), None)


class _InputGradient(Function):
    """The gradient at a convolution's input and its derivative.

    It is linear in the gradient that comes back and in the weights, and the input has no part
    in it.
    """

    @staticmethod
    def forward(ctx: Any, towards: Tensor, x: Tensor, weight: Tensor, layout: _Layout) -> Tensor:
        ctx.save_for_backward(towards, weight)
        ctx.layout = layout
        return _gradients(towards, x, weight, layout, [True, False, False])[0]

    @staticmethod
    def backward(ctx: Any, direction: Tensor) -> tuple[Tensor | None, ...]:
        towards, weight = ctx.saved_tensors
        _, of_weight, _ = _gradients(towards, direction, weight, ctx.layout, [False, True, False])
        return conv2d(direction, weight, None, *ctx.layout), None, of_weight, None


def _gradients(
    towards: Tensor, x: Tensor, weight: Tensor, layout: _Layout, wanted: list[bool]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the wanted of a convolution's gradients at input, weight and bias."""
    stride, padding, dilation, groups = layout
    gradients: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        towards, x, weight, [len(weight)], stride, padding, dilation, False, [0, 0], groups, wanted
    )
    return gradients


class _LeakyRelu(Function):
    """A leaky ReLU whose slope at a point is constant, as it is everywhere but at 0."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.slope = slope
        return leaky_relu(x, slope)

    @staticmethod
    def backward(ctx: Any, towards: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return torch.ops.aten.leaky_relu_backward(towards, x.detach(), ctx.slope, False), None


def _convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    if x.dim() != 4 or isinstance(padding, str):
        return conv2d(x, weight, bias, stride, padding, dilation, groups)
    layout = _Layout(_pair(stride), _pair(padding), _pair(dilation), groups)
    y: Tensor = _Convolution.apply(x, weight, bias, layout)
    return y


def _pair(given: Any) -> list[int]:
    return list(given) if isinstance(given, tuple) else [given, given]


def _leaky(x: Tensor, negative_slope: float = 0.01, **_in_place: bool) -> Tensor:
    y: Tensor = _LeakyRelu.apply(x, negative_slope)
    return y


_REPLACEMENTS: dict[Callable[..., Any], Callable[..., Any]] = {
    conv2d: _convolve,
    leaky_relu: _leaky,
}
