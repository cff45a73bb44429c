"""Meta-SGD (Li et al. 2017): the section `meta_sgd` of maml/*.json.

Proves gradients with respect to learned rates, per element and per tensor, and to the parameters, of both orders.
"""

import torch

import inner_loop
import tiny_gpt2
from tolerance import block

RATES = {"element": "elementwise", "tensor": "per_tensor"}


def element_rates(theta, alpha):
    """Rates by a formula, for parameters too large to list."""
    return tiny_gpt2.by_formula(theta, lambda i, j: alpha * (1 + 0.5 * torch.sin(0.8 * i + 0.6 * j + 0.5)))


def tensor_rates(theta, alpha):
    return {name: torch.tensor(alpha * (1 + 0.02 * j)) for j, name in enumerate(theta)}


def section(problem, alpha, steps, keep, element_entry):
    """All cases. `keep` stores a set of tensors under a name, `element_entry` tells the rates per element."""
    rates = {"element": element_rates(problem.theta, alpha), "tensor": tensor_rates(problem.theta, alpha)}
    cases = {}
    for kind in rates:
        for k in steps:
            for order in (2, 1):
                name = f"{RATES[kind]}_K{k}_order{order}"
                cases[name] = case(problem, rates[kind], k, order, lambda part, found: keep(f"meta_sgd/{name}/{part}", found),
                                   per_tensor=kind == "tensor", what=f"meta_sgd {name}")
    return {
        "elementwise_lr": element_entry(rates["element"]),
        "per_tensor_lr": {name: rate.item() for name, rate in rates["tensor"].items()},
        "cases": cases,
    }


def gradients(setup, rates, support, query, k, order):
    """With order 1 the inner gradients are constants, and the rates and parameters enter beside them."""
    theta, rates = inner_loop.leaves(setup.theta), inner_loop.leaves(rates)
    params = theta
    for _ in range(k):
        own = params if order == 2 else inner_loop.leaves(params)
        found = torch.autograd.grad(setup.loss(own, support), list(own.values()), create_graph=order == 2)
        params = {name: p - rates[name] * g for (name, p), g in zip(params.items(), found, strict=True)}
    value = setup.loss(params, query)
    found = torch.autograd.grad(value, [*theta.values(), *rates.values()])
    return dict(zip(theta, found, strict=False)), dict(zip(rates, found[len(theta):], strict=True))


def case(problem, rates, k, order, keep, per_tensor, what):
    def compute(setup):
        own = setup.cast(rates)
        found = [gradients(setup, own, support, query, k, order) for support, query in problem.tasks]
        return {key: inner_loop.mean([pair[i] for pair in found]) for i, key in enumerate(("grad_theta", "grad_lr"))}

    exact, single = problem.solve(compute, what)
    if order == 2:
        check_differences(problem, rates, k, what)
    keep_rates = (lambda _, found: {name: g.item() for name, g in found.items()}) if per_tensor else keep
    return {
        "grad_theta": keep("grad_theta", exact["grad_theta"]),
        "grad_lr": keep_rates("grad_lr", exact["grad_lr"]),
        "tolerance": {key: block(exact[key], [found[key] for found in single]) for key in exact},
    }


def check_differences(problem, rates, k, what):
    """The gradients of the first task against central differences over parameters and rates at once."""
    setup = problem.setup(problem.writings[0], torch.float64)
    support, query = problem.tasks[0]
    own = setup.cast(rates)
    by_theta, by_rate = gradients(setup, own, support, query, k, 2)

    def value(point):
        params = {name: point[name] for name in setup.theta}
        for _ in range(k):
            params = inner_loop.leaves(params)
            found = inner_loop.gradient(setup.loss(params, support), params)
            params = {name: p - point["rate " + name] * found[name] for name, p in params.items()}
        return setup.loss(params, query).item()

    def joined(theta, rates):
        return {**theta, **{"rate " + name: rate for name, rate in rates.items()}}

    gap = inner_loop.gap_to_differences(value, joined(setup.theta, own), joined(by_theta, by_rate), 2)
    if not gap < 1e-4:
        raise AssertionError(f"{what}: differences are {gap:.2g} away")
