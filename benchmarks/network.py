"""The network that judges films: its layers, and how they are stored for OpenCV to run."""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional

PLANES, JUDGED = 4, 3
"""Grey, odds of bone, odds of a deposit, brightness over flesh; bone, deposit, over bone."""

WIDTHS = (16, 32, 64, 64)
"""Channels at 0.4, 0.8, 1.6 and 3.2 mm a px: 0.3 million weights, half a second for a hand."""


class Network(nn.Module):
    """A U-Net (Ronneberger 2015) on blocks of 2 x 2 px, told and asked as channels."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            _block(before, after)
            for before, after in zip((4 * PLANES, *WIDTHS), WIDTHS, strict=False)
        )
        self.up = nn.ModuleList(
            _block(fine + coarse, fine)
            for fine, coarse in zip(WIDTHS[-2::-1], WIDTHS[:0:-1], strict=True)
        )
        self.head = nn.Conv2d(WIDTHS[0], 4 * JUDGED, 1)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """Log-odds (n, JUDGED, rows, columns) of planes (n, PLANES, rows, columns)."""
        seen, kept = functional.pixel_unshuffle(planes, 2), []
        for level, block in enumerate(self.down):
            seen = block(functional.max_pool2d(seen, 2) if level else seen)
            kept.append(seen)
        for block, fine in zip(self.up, kept[-2::-1], strict=True):
            wide = functional.interpolate(seen, scale_factor=2, mode="nearest")
            seen = block(torch.cat([wide, fine], 1))
        return functional.pixel_shuffle(self.head(seen), 2)


def _block(before: int, after: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (before, after):
        layers += [
            nn.Conv2d(channels, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


class _Graph:
    """Nodes and weights of a stored network, gathered layer by layer."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], name: str, **settings: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **settings))
        return name

    def weight(self, values: np.ndarray, name: str) -> str:
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def conv(self, source: str, weights: np.ndarray, bias: np.ndarray, name: str) -> str:
        inputs = [source, self.weight(weights, f"{name}_w"), self.weight(bias, f"{name}_b")]
        size = weights.shape[2]
        return self.node("Conv", inputs, name, kernel_shape=[size] * 2, pads=[size // 2] * 4)

    def block(self, source: str, layers: nn.Sequential, name: str) -> str:
        for place in (0, 3):
            folded = _folded(layers[place], layers[place + 1])
            source = self.conv(source, *folded, f"{name}_{place}")
            source = self.node("Relu", [source], f"{name}_{place}_relu")
        return source


def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[np.ndarray, np.ndarray]:
    # What a convolution does together with the normalisation after it.
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weights = conv.weight * scale[:, None, None, None]
    return weights.detach().numpy(), (norm.bias - norm.running_mean * scale).detach().numpy()


def stored(network: Network) -> bytes:
    """Write a trained network as ONNX: blocks of 2 x 2 px as channels in, and out."""
    graph, seen, kept = _Graph(), "planes", []
    for level, block in enumerate(network.down):
        if level:
            pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
            seen = graph.node("MaxPool", [seen], f"pool_{level}", **pool)
        seen = graph.block(seen, block, f"down_{level}")
        kept.append(seen)
    twice = graph.weight(np.array([1, 1, 2, 2]), "twice")
    nearest = {
        "mode": "nearest",
        "coordinate_transformation_mode": "asymmetric",
        "nearest_mode": "floor",
    }
    for level, (block, fine) in enumerate(zip(network.up, kept[-2::-1], strict=True)):
        wide = graph.node("Resize", [seen, "", twice], f"wide_{level}", **nearest)
        joined = graph.node("Concat", [wide, fine], f"joined_{level}", axis=1)
        seen = graph.block(joined, block, f"up_{level}")
    head = (network.head.weight.detach().numpy(), network.head.bias.detach().numpy())
    graph.conv(seen, *head, "odds")
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "rows", "columns"])
        for name, channels in (("planes", 4 * PLANES), ("odds", 4 * JUDGED))
    ]
    whole = helper.make_graph(graph.nodes, "film", ends[:1], ends[1:], graph.weights)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
