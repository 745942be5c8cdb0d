"""A 32-bit encoder graph to an 8-bit one whose vectors do not depend on what else is in the batch.

- Weights: signed bytes with one scale a column, of which only 7 bits are used: a product of an unsigned and a
  signed byte, added to its neighbour, then stays within 16 bits (2 * 255 * 63 < 32,768), so that processors
  without VNNI do not saturate.
- Activations: unsigned bytes around 128 with one scale a token, found at run time. One scale a tensor, as
  onnxruntime's own dynamic quantisation has it, would let a neighbour's outlier or the padding change a vector.
- Embeddings: signed bytes with one scale a row, scaled after the look-up.

MatMulIntegerToFloat is onnxruntime's own operator, so the graph runs on its CPU provider.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DOMAIN = "com.microsoft"
_WEIGHT_TOP, _ACTIVATION_TOP, _EMBEDDING_TOP = 63, 127, 127
_ZERO_POINT = 128
_GELU_LOWEST = 0.17  # GELU never gives less than its negative: as the least scale it spares an Abs after GELU
_LEAST_ROWS = 100  # smaller tables (token types) stay as they are


def symmetric(weights: NDArray[np.float32], axis: int, top: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(bytes from -top to top, scales along `axis`); bytes * scales is about `weights`."""
    scales = np.abs(weights).max(axis=axis, keepdims=True) / top
    scales[scales == 0] = 1
    return np.clip(np.rint(weights / scales), -top, top).astype(np.int8), scales.astype(np.float32)


def quantise(model: Any) -> Any:
    """Rewrite the onnx.ModelProto `model` in place, and return it."""
    from onnx import helper

    rewriter = _Rewriter(model.graph)
    for node in list(model.graph.node):
        if node.op_type == "Gather":
            rewriter.embedding(node)
        elif node.op_type == "MatMul":
            rewriter.product(node)
    model.opset_import.append(helper.make_opsetid(_DOMAIN, 1))
    return model


class _Rewriter:
    def __init__(self, graph: Any) -> None:
        from onnx import helper

        self.graph, self.node = graph, helper.make_node
        self.weights = {initializer.name: initializer for initializer in graph.initializer}
        self.there: set[str] = set()  # constants and quantised activations that are in the graph already

    def embedding(self, node: Any) -> None:
        table = self.weights.get(node.input[0])
        if table is None or len(table.dims) != 2 or table.dims[0] < _LEAST_ROWS:
            return
        rows, scales = symmetric(_array(table), 1, _EMBEDDING_TOP)
        name, ids, out = table.name, node.input[1], node.output[0]
        self.graph.initializer.remove(table)
        self._replace(
            node,
            [
                self.node("Gather", [self._constant(f"{name}_bytes", rows), ids], [f"{out}_bytes"], axis=0),
                self.node("Cast", [f"{out}_bytes"], [f"{out}_numbers"], to=1),
                self.node("Gather", [self._constant(f"{name}_scales", scales), ids], [f"{out}_scales"], axis=0),
                self.node("Mul", [f"{out}_numbers", f"{out}_scales"], [out]),
            ],
        )

    def product(self, node: Any) -> None:
        weight = self.weights.get(node.input[1])
        if weight is None:
            return
        matrix, x, out = _array(weight), node.input[0], node.output[0]
        inputs, outputs = matrix.shape
        columns, scales = symmetric(matrix, 0, _WEIGHT_TOP)
        self.graph.initializer.remove(weight)
        operands = [
            f"{x}_bytes",
            self._constant(f"{weight.name}_bytes", columns),
            self._constant("one", np.float32(1)),
            self._constant(f"{weight.name}_scales", scales[0]),
            self._constant("zero_point", np.uint8(_ZERO_POINT)),
        ]
        product = [
            self.node("MatMulIntegerToFloat", operands, [f"{out}_unscaled"], domain=_DOMAIN),
            self.node("Mul", [f"{out}_unscaled", f"{x}_scale"], [out]),
        ]
        self._replace(node, [*self._activation(x, inputs, is_after_gelu=inputs > outputs), *product])
        if outputs > inputs:
            self._widen_bias(out, outputs)

    def _activation(self, x: str, width: int, *, is_after_gelu: bool) -> list[Any]:
        """Nodes that give `x` as bytes and one scale a token; none if an earlier product has them already."""
        if x in self.there:
            return []
        self.there.add(x)
        size = [] if is_after_gelu else [self.node("Abs", [x], [f"{x}_size"])]
        return [
            *size,
            self.node("ReduceMax", [x if is_after_gelu else f"{x}_size"], [f"{x}_peak"], axes=[-1], keepdims=1),
            self.node("Max", [f"{x}_peak", self._constant("floor", np.float32(_GELU_LOWEST))], [f"{x}_top"]),
            self.node("Mul", [f"{x}_top", self._constant("step", np.float32(1 / _ACTIVATION_TOP))], [f"{x}_scale"]),
            *self._bytes(x, width),
        ]

    def _bytes(self, x: str, width: int) -> list[Any]:
        """Scales along an axis need a matrix: tokens x width, and back into the shape of `x`."""
        from onnx import numpy_helper

        flat = self._constant("flat", np.array([-1], np.int64))
        rows = self._constant(f"rows_of_{width}", np.array([-1, width], np.int64))
        zero = numpy_helper.from_array(np.array([_ZERO_POINT], np.uint8))
        return [
            self.node("Reshape", [f"{x}_scale", flat], [f"{x}_scales"]),
            self.node("Reshape", [x, rows], [f"{x}_rows"]),
            self.node("Shape", [f"{x}_scales"], [f"{x}_count"]),
            self.node("ConstantOfShape", [f"{x}_count"], [f"{x}_zeros"], value=zero),
            self.node("QuantizeLinear", [f"{x}_rows", f"{x}_scales", f"{x}_zeros"], [f"{x}_row_bytes"], axis=0),
            self.node("Shape", [x], [f"{x}_shape"]),
            self.node("Reshape", [f"{x}_row_bytes", f"{x}_shape"], [f"{x}_bytes"]),
        ]

    def _widen_bias(self, out: str, width: int) -> None:
        """Shape [1, 1, n] keeps onnxruntime from fusing bias and GELU, which is slower than one after the other.

        Only speed is at stake: a bias that the exporter shares between layers stays as it is.
        """
        add = next(node for node in self.graph.node if node.op_type == "Add" and out in node.input)
        for bias in [self.weights[name] for name in add.input if name in self.weights]:
            bias.dims[:] = [1, 1, width]

    def _constant(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        if name not in self.there:
            self.there.add(name)
            self.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _replace(self, node: Any, new: Sequence[Any]) -> None:
        at = list(self.graph.node).index(node)
        self.graph.node.remove(node)
        for offset, one in enumerate(new):
            self.graph.node.insert(at + offset, one)


def _array(initializer: Any) -> NDArray[np.float32]:
    from onnx import numpy_helper

    return np.asarray(numpy_helper.to_array(initializer), np.float32)
