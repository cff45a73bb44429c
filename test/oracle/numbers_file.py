"""Writes reference numbers: a JSON file, with a safetensors file beside it for tensors that are too large for text.

A set of tensors is stored in one of three ways:

  inline    {"shape", "data"} of each tensor in the JSON file, row-major
  full      all elements in the safetensors file, under the names `prefix + name`
  strided   elements 0, 17, 34, ... of each tensor there, and digests of all elements in the JSON file:
            [l2, sum, sum_i x_i cos(0.7 i + 0.3)], i the row-major index

Numbers are computed in float64. Tensors in safetensors are rounded once to float32.
"""

import json
import platform
from pathlib import Path

import numpy
import safetensors
import tokenizers
import torch
import transformers
from safetensors.torch import save_file

FOLDER = Path(__file__).parent / "numbers"
STRIDE = 17
VERSIONS = {
    "python": platform.python_version(),
    **{module.__name__: module.__version__.split("+")[0]
       for module in (torch, transformers, tokenizers, safetensors, numpy)},
}


class NumbersFile:
    """A JSON file below the folder `numbers`, for example `maml/gpt2_tiny.json`."""

    def __init__(self, path):
        self.path = FOLDER / path
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.tensors = {}

    def tensor(self, name, tensor):
        self._keep(name, tensor)
        return {"tensor": name}

    def full(self, prefix, tensors):
        return self._store("full", f"{prefix}/", tensors)

    def strided(self, prefix, tensors):
        some = {name: strided(tensor) for name, tensor in tensors.items()}
        entry = self._store("strided", f"{prefix}@{STRIDE}/", some)
        return {**entry, "stride": STRIDE, "digests": {name: digest(tensor) for name, tensor in tensors.items()}}

    def _store(self, storage, prefix, tensors):
        for name, tensor in tensors.items():
            self._keep(prefix + name, tensor)
        return {"storage": storage, "prefix": prefix}

    def _keep(self, name, tensor):
        self.tensors[name] = tensor.detach().to(torch.float32).contiguous()

    def write(self, how, content):
        """Writes the files; `how` says in words what the numbers are."""
        head = {"how": " ".join(how.split()), "versions": VERSIONS}
        if self.tensors:
            file = self.path.with_suffix(".safetensors")
            save_file(self.tensors, file)
            head["safetensors"] = {"file": file.name}
        self.path.write_text(readable({**head, **content}) + "\n")


def inline(tensors):
    return {name: {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}
            for name, tensor in tensors.items()}


def strided(tensor):
    return tensor.detach().flatten()[::STRIDE]


def digest(tensor):
    x = tensor.detach().to(torch.float64).flatten()
    probe = torch.cos(0.7 * torch.arange(x.numel(), dtype=torch.float64) + 0.3)
    return [float(f"{value:.9g}") for value in (x.norm(), x.sum(), (x * probe).sum())]


def readable(value, indent=""):
    """JSON with a line for each entry, except for what fits into one line and lists of numbers."""
    line = json.dumps(value)
    numbers = isinstance(value, list) and all(isinstance(item, (int, float)) for item in value)
    if len(line) <= 110 or numbers or not isinstance(value, (dict, list)):
        return line
    deeper = indent + " "
    entries = ([f"{json.dumps(key)}: {readable(item, deeper)}" for key, item in value.items()]
               if isinstance(value, dict) else [readable(item, deeper) for item in value])
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return opening + "\n" + ",\n".join(deeper + entry for entry in entries) + "\n" + indent + closing
