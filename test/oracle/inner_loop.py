"""Inner steps that autograd can differentiate: updates are written out of place, and gradients keep their graph.

Values are checked against torch.optim, meta-gradients against central differences in float64.
"""

import math

import torch


def sgd(params, grads, state, *, alpha, momentum=0.0, nesterov=False):
    """torch.optim.SGD without decay; the state is the velocity, None before the first step."""
    if momentum:
        state = grads if state is None else {name: momentum * state[name] + g for name, g in grads.items()}
        grads = {name: g + momentum * state[name] if nesterov else state[name] for name, g in grads.items()}
    return {name: p - alpha * grads[name] for name, p in params.items()}, state


def adamw(params, grads, state, *, lr, betas, eps, weight_decay):
    """torch.optim.AdamW; the state is (m, v, steps taken)."""
    (m, v, t), (beta1, beta2) = state, betas
    t += 1
    m = {name: beta1 * m[name] + (1 - beta1) * g for name, g in grads.items()}
    v = {name: beta2 * v[name] + (1 - beta2) * g * g for name, g in grads.items()}
    moved = {}
    for name, p in params.items():
        below = root(v[name]) / math.sqrt(1 - beta2 ** t) + eps
        moved[name] = p * (1 - lr * weight_decay) - lr / (1 - beta1 ** t) * m[name] / below
    return moved, (m, v, t)


def root(x):
    """The square root, with derivative 0 at 0, where gradients are 0 whatever the parameters are: unused positions."""
    positive = x > 0
    return torch.where(positive, torch.where(positive, x, 1).sqrt(), 0)


def zeros(params):
    return {name: torch.zeros_like(p) for name, p in params.items()}


def descend(loss, params, batches, step, state, *, names=None, differentiable=True):
    """One step per batch on the named parameters (by default all). Gives parameters, state and the losses on the way."""
    names = list(params) if names is None else names
    losses = []
    for batch in batches:
        own = {name: params[name] if differentiable else params[name].detach().requires_grad_() for name in names}
        value = loss({**params, **own}, batch)
        found = torch.autograd.grad(value, list(own.values()), create_graph=differentiable)
        moved, state = step(own, dict(zip(names, found, strict=True)), state)
        params = {**params, **moved}
        losses.append(value.item())
    return params, state, losses


def leaves(tensors):
    return {name: tensor.detach().clone().requires_grad_() for name, tensor in tensors.items()}


def gradient(value, params):
    found = torch.autograd.grad(value, list(params.values()), materialize_grads=True)
    return dict(zip(params, found, strict=True))


def meta_gradient(loss, theta, query, adapt, order):
    """The gradient of the query loss after `adapt(theta, differentiable)`, and that loss.

    Order 2 is with respect to theta, through all inner steps; order 1 is with respect to the adapted parameters.
    """
    theta = leaves(theta)
    if order == 2:
        value = loss(adapt(theta, True), query)
        return gradient(value, theta), value.item()
    adapted = leaves(adapt(theta, False))
    value = loss(adapted, query)
    return gradient(value, adapted), value.item()


def mean(gradients):
    return {name: sum(g[name] for g in gradients) / len(gradients) for name in gradients[0]}


def gap_to_differences(value_at, theta, found, seed, h=1e-6, directions=3):
    """How far a gradient is from central differences of `value_at`, relative to its size in a random direction."""
    generator = torch.Generator().manual_seed(seed)
    size = math.sqrt(sum(float(g.square().sum()) for g in found.values()))
    count = sum(g.numel() for g in found.values())
    gaps = []
    for _ in range(directions):
        d = {name: torch.randn(t.shape, generator=generator, dtype=torch.float64) for name, t in theta.items()}
        length = math.sqrt(sum(float(x.square().sum()) for x in d.values()))
        ends = [value_at({name: t + sign * h / length * d[name] for name, t in theta.items()}) for sign in (1, -1)]
        slope = sum(float((found[name] * d[name]).sum()) for name in theta) / length
        gaps.append(abs((ends[0] - ends[1]) / (2 * h) - slope) / (size / math.sqrt(count)))
    return max(gaps)
