"""How fast this machine multiplies matrices at best, and how many multiply-adds the encoder needs. Needs onnx."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_SIDE = 2048  # rows, columns and depth of the matrices: enough work for any number of cores
_TRIES = 7  # of which the fastest counts: what is asked for is what the machine can do
_ZERO_POINT = 128
_DOMAIN = "com.microsoft"


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a BertModel."""

    layers: int
    hidden: int
    feed_forward: int

    @classmethod
    def of(cls, folder: Path) -> "Shape":
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(found["num_hidden_layers"], found["hidden_size"], found["intermediate_size"])

    def of_token(self) -> int:
        """Multiply-adds with weights for one token: query, key, value, output, and there and back."""
        return self.layers * (4 * self.hidden**2 + 2 * self.hidden * self.feed_forward)

    def of_text(self, tokens: int) -> int:
        """All of a text: those with weights, and attention, twice each token with each. Without padding."""
        return tokens * (self.of_token() + self.layers * 2 * tokens * self.hidden)

    def of_texts(self, lengths: Sequence[int]) -> int:
        return sum(map(self.of_text, lengths))


def bytes_product(cores: int) -> Callable[[], object]:
    """One product of bytes as the graph of our encoder has it: MatMulIntegerToFloat."""
    random = np.random.default_rng(1)
    constants = {
        "weights": random.integers(-63, 64, (_SIDE, _SIDE)).astype(np.int8),
        "one": np.float32(1),
        "scales": np.full(_SIDE, 0.01, np.float32),
        "zero": np.uint8(_ZERO_POINT),
    }
    inputs = ["weights", "one", "scales", "zero"]
    given = random.integers(0, 256, (_SIDE, _SIDE), np.uint8)
    return _product("MatMulIntegerToFloat", _DOMAIN, given, inputs, constants, cores)


def numbers_product(cores: int) -> Callable[[], object]:
    """One product of 32-bit numbers; by onnxruntime too, which was quicker here than torch."""
    random = np.random.default_rng(1)
    given, weights = (random.random((_SIDE, _SIDE), np.float32) for _ in range(2))
    return _product("MatMul", "", given, ["weights"], {"weights": weights}, cores)


def _product(
    operator: str, domain: str, given: Any, inputs: Sequence[str], constants: dict[str, Any], cores: int
) -> Callable[[], object]:
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    kind = helper.np_dtype_to_tensor_dtype(given.dtype)
    graph = helper.make_graph(
        [helper.make_node(operator, ["x", *inputs], ["y"], domain=domain)],
        "product",
        [helper.make_tensor_value_info("x", kind, [_SIDE, _SIDE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [_SIDE, _SIDE])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_DOMAIN, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": given})


def peak(product: Callable[[], object]) -> float:
    """Multiply-adds a second of the fastest of some tries; the first, which warms up, does not count."""
    product()
    return _SIDE**3 / min(_seconds(product) for _ in range(_TRIES))


def _seconds(product: Callable[[], object]) -> float:
    begun = time.perf_counter()
    product()
    return time.perf_counter() - begun
