"""Reptile (Nichol et al. 2018): the section `reptile` of maml/*.json. Proves theta + epsilon mean(theta_i' - theta)."""

import inner_loop
from tolerance import block


def section(problem, alpha, steps, epsilon, keep):
    def compute(setup):
        def step(*given):
            return inner_loop.sgd(*given, alpha=alpha)

        def adapted(support):
            return inner_loop.descend(setup.loss, setup.theta, [support] * steps, step, None, differentiable=False)[0]

        ends = inner_loop.mean([adapted(support) for support, _ in problem.tasks])
        return {"theta_new": {name: t + epsilon * (ends[name] - t) for name, t in setup.theta.items()}}

    exact, single = problem.solve(compute, "reptile")
    return {
        "K": steps, "alpha": alpha, "epsilon": epsilon,
        "theta_new": keep("reptile/theta_new", exact["theta_new"]),
        "tolerance": block(exact["theta_new"], [found["theta_new"] for found in single]),
    }
