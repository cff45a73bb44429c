"""MAML whose query reads a weighted mean of the points that inner steps reach: maml/averaged_steps.json.

Proves that an inner loop of an author's own has exact meta-gradients: with respect to the parameters, from the end and
from points on the way, and to the weights. The learner is examples/10-own-inner-loop.ts.
"""

import torch

import inner_loop
import problems
from numbers_file import NumbersFile, inline
from tolerance import block, scalar_block

LOGITS = [0.3, -0.4, 0.8]
INNER = {
    "sgd": {"alpha": 0.01},
    "adamw": {"lr": 0.01, "betas": [0.9, 0.999], "eps": 0.01, "weight_decay": 0.5},
}


def query_loss(setup, name, theta, logits, support, query, differentiable=True):
    step = {"sgd": inner_loop.sgd, "adamw": inner_loop.adamw}[name]
    state = None if name == "sgd" else (inner_loop.zeros(theta), inner_loop.zeros(theta), 0)
    params, points = theta, []
    for _ in LOGITS:
        params, state, _ = inner_loop.descend(
            setup.loss, params, [support], lambda *given: step(*given, **INNER[name]), state, differentiable=differentiable)
        points.append(params)
    weights = torch.softmax(logits, 0)
    mean = {key: sum(w * point[key] for w, point in zip(weights, points, strict=True)) for key in theta}
    return setup.loss(mean, query)


def case(problem, name):
    def compute(setup):
        found, losses = [], []
        logits = setup.cast({"logits": torch.tensor(LOGITS, dtype=torch.float64)})
        for support, query in problem.tasks:
            leaves = inner_loop.leaves({**setup.theta, **logits})
            theta = {key: leaves[key] for key in setup.theta}
            loss = query_loss(setup, name, theta, leaves["logits"], support, query)
            found.append(inner_loop.gradient(loss, leaves))
            losses.append(loss.item())
        mean = inner_loop.mean(found)
        return {"grad_logits": {"logits": mean.pop("logits")}, "grad_theta": mean, "losses": losses}

    exact, single = problem.solve(compute, name)
    check_differences(problem, name)
    keys = ("grad_theta", "grad_logits")
    return {
        "hyperparameters": INNER[name],
        "losses": exact["losses"],
        **{key: inline(exact[key]) for key in keys},
        "tolerance": {**{key: block(exact[key], [found[key] for found in single]) for key in keys},
                      "losses": scalar_block(exact["losses"], [found["losses"] for found in single])},
    }


def check_differences(problem, name):
    """The gradients of the first task against central differences over parameters and weights at once."""
    setup = problem.setup(problem.writings[0], torch.float64)
    support, query = problem.tasks[0]
    start = {**setup.theta, "logits": torch.tensor(LOGITS, dtype=torch.float64)}

    def value(point, differentiable):
        theta = {key: point[key] for key in setup.theta}
        return query_loss(setup, name, theta, point["logits"], support, query, differentiable)

    leaves = inner_loop.leaves(start)
    found = inner_loop.gradient(value(leaves, True), leaves)
    gap = inner_loop.gap_to_differences(lambda point: value(point, False).item(), start, found, 3)
    if not gap < 1e-4:
        raise AssertionError(f"averaged steps, {name}: differences are {gap:.2g} away")


def main():
    problem = problems.sinusoid("tanh")
    NumbersFile("maml/averaged_steps.json").write(
        """Inner steps on the tasks of sinusoid_mlp_tanh.json; the query loss is that of sum_j softmax(logits)_j phi_j
        for the parameters phi_j after each step. Gradients are means over tasks, through all steps.""",
        {"logits": LOGITS, "inner": {name: case(problem, name) for name in INNER}})
