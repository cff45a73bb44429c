"""What meta-gradients are taken of: GPT-2 on tasks of random tokens, and a small network on sine curves.

A problem has its parameters, its tasks, and its loss in two writings, so that the reference can be computed twice in
float64, and tolerances be measured on two implementations in float32.
"""

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

import tiny_gpt2
from tolerance import require_close


@dataclass
class Setup:
    """A problem in one precision and one writing."""
    theta: dict
    loss: object  # of parameters and a batch
    moments: tuple  # m, v and the steps that they have seen, for optimizers that start warm
    cast: object  # of a set of tensors, to this precision


@dataclass
class Problem:
    theta: dict  # in float32
    writings: tuple  # the loss, twice
    tasks: list  # of (support batch, query batch)
    moments: tuple

    def setup(self, writing, dtype):
        def cast(tensors):
            return {name: tensor.detach().to(dtype) for name, tensor in tensors.items()}

        def loss(params, batch):
            return writing(params, {k: t.to(dtype) if t.is_floating_point() else t for k, t in batch.items()})

        m, v, t = self.moments
        return Setup(cast(self.theta), loss, (cast(m), cast(v), t), cast)

    def solve(self, compute, what, limit=1e-9):
        """The reference in float64 and two results in float32. `compute` gives tensor sets by name, and lists of numbers."""
        exact, again = (compute(self.setup(writing, torch.float64)) for writing in self.writings)
        for key, value in exact.items():
            if isinstance(value, dict):
                require_close(again[key], value, limit, f"{what}: {key}")
        return exact, [compute(self.setup(writing, torch.float32)) for writing in self.writings]


def gpt2_losses():
    """The loss from single operations, and that of transformers."""
    logits = (tiny_gpt2.own_logits, tiny_gpt2.transformers_logits(tiny_gpt2.load()))
    return tuple(tiny_gpt2.metaicl_loss(of) for of in logits)


def warm_moments(theta):
    """Moments as after seven steps, by a formula."""
    m = tiny_gpt2.by_formula(theta, lambda i, j: 0.015 * torch.cos(1.1 * i + 0.7 * j + 0.4))
    v = tiny_gpt2.by_formula(theta, lambda i, j: 0.007 * (0.03 * (1 + 0.5 * torch.sin(1.7 * i + 0.9 * j + 0.1))) ** 2)
    return m, v, 7


def gpt2(tasks=3, seed=3001):
    theta = tiny_gpt2.parameters(tiny_gpt2.load())
    return language_model(theta, gpt2_losses(), tasks, seed, tiny_gpt2.VOCABULARY)


def language_model(theta, losses, tasks, seed, vocabulary):
    generator = torch.Generator().manual_seed(seed)
    rows = ([(10, 3), (8, 2)], [(9, 4), (10, 2)])
    drawn = [tuple(tiny_gpt2.draw_batch(generator, some, vocabulary=vocabulary) for some in rows) for _ in range(tasks)]
    return Problem(theta, losses, drawn, warm_moments(theta))


def sinusoid(activation, hidden=12, points=6, tasks=3, seed=4001):
    """Regression of sine curves by a network of one hidden layer, after Finn et al. 2017, section 5.1."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape, scale):
        return scale * torch.randn(*shape, generator=generator)

    theta = {"W1": normal(1, hidden, scale=1.0), "b1": normal(hidden, scale=0.5),
             "W2": normal(hidden, 1, scale=0.5), "b2": normal(1, scale=0.5)}

    def points_of(amplitude, phase):
        x = 10 * torch.rand(points, 1, generator=generator) - 5
        return {"x": x, "y": amplitude * torch.sin(x - phase)}

    curves = [(0.5 + 2 * float(torch.rand(1, generator=generator)), math.pi * float(torch.rand(1, generator=generator)))
              for _ in range(tasks)]
    drawn = [(points_of(*curve), points_of(*curve)) for curve in curves]
    own = {"relu": lambda x: torch.where(x > 0, x, 0 * x), "tanh": lambda x: 2 / (1 + torch.exp(-2 * x)) - 1}[activation]
    library = getattr(torch, activation)

    def own_loss(params, batch):
        hidden = own(batch["x"] @ params["W1"] + params["b1"])
        return (hidden @ params["W2"] + params["b2"] - batch["y"]).square().mean()

    def library_loss(params, batch):
        hidden = library(functional.linear(batch["x"], params["W1"].T, params["b1"]))
        return functional.mse_loss(functional.linear(hidden, params["W2"].T, params["b2"]), batch["y"])

    m = {name: 0.1 * torch.randn(t.shape, generator=generator) for name, t in theta.items()}
    v = {name: 0.01 * (0.1 + torch.rand(t.shape, generator=generator)) for name, t in theta.items()}
    return Problem(theta, (own_loss, library_loss), drawn, (m, v, 7))
