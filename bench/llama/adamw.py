"""AdamW whose moments inner and outer updates share: fused and in place for the outer one, differentiable for the inner."""
import math
from dataclasses import dataclass, field

import torch


@dataclass
class AdamW:
    rate: float = 1e-5
    epsilon: float = 1e-8
    first: float = 0.9
    second: float = 0.999
    updates: int = 0
    m: list = field(default_factory=list)
    v: list = field(default_factory=list)

    def begin(self, params):
        if not self.m:
            self.m, self.v = ([torch.zeros_like(p) for p in params] for _ in range(2))
        self.updates += 1

    def update(self, params, gradients, scale=None):
        """Updates in place; gradients are divided by `scale`, a tensor [1], in the same kernel."""
        self.begin(params)
        counts = [torch.tensor(float(self.updates), dtype=torch.float32) for _ in params]
        torch._fused_adamw_(
            params, list(gradients), self.m, self.v, [], counts,
            lr=self.rate, beta1=self.first, beta2=self.second, eps=self.epsilon,
            weight_decay=0.0, amsgrad=False, maximize=False, grad_scale=scale,
        )  # fmt: skip

    def step(self, params, gradients):
        """Updated parameters that derivatives pass through. The moments advance, without derivatives."""
        self.begin(params)
        corrections = 1 - self.first**self.updates, math.sqrt(1 - self.second**self.updates)
        given = zip(params, gradients, self.m, self.v)
        out = [Step.apply(*of, self.rate, self.first, self.second, self.epsilon, *corrections) for of in given]
        updated, self.m, self.v = ([of[i] for of in out] for i in range(3))
        self.m, self.v = [x.detach() for x in self.m], [x.detach() for x in self.v]
        return updated


class Step(torch.autograd.Function):
    """One tensor's update, with the derivative written out: it keeps the gradient and the new moments, nothing else."""

    @staticmethod
    def forward(ctx, p, g, m, v, rate, first, second, epsilon, correction, root_correction):
        m = torch.lerp(m, g, 1 - first)
        v = (v * second).addcmul_(g, g, value=1 - second)
        denominator = v.sqrt().div_(root_correction).add_(epsilon)
        ctx.save_for_backward(g, m, v)
        ctx.constants = (-rate / correction, first, second, epsilon, root_correction)
        return p.addcdiv(m, denominator, value=-rate / correction), m, v

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, by_p, _by_m, _by_v):
        g, m, v = ctx.saved_tensors
        scale, first, second, epsilon, root_correction = ctx.constants
        root = v.sqrt()
        denominator = (root / root_correction).add_(epsilon)
        by_m = (by_p / denominator).mul_(scale)
        # The root of zero, where a gradient never was anything else, has derivative zero.
        by_v = (by_m * m).div_(denominator).div_(root.mul_(-2 * root_correction)).nan_to_num_(0.0, 0.0, 0.0)
        by_g = (by_m * (1 - first)).add_(by_v * g, alpha=2 * (1 - second))
        return by_p, by_g, *[None] * 8
