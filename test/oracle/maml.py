"""MAML, first-order MAML and ANIL (Finn et al. 2017; Raghu et al. 2020): the section `variants` of maml/*.json.

Proves meta-gradients of both orders through SGD, momentum and AdamW, from zero moments and from given ones.
"""

import torch
from torch.func import functional_call

import inner_loop
import tiny_gpt2
from problems import Problem
from tolerance import block, require_close, scalar_block, without_key_bias

ADAMW = {"inner": "adamw", "lr": 0.002, "betas": [0.9, 0.999], "weight_decay": 1.0}


def sgd_variants(alpha, steps):
    momentum = {"inner": "sgd", "alpha": alpha / 2, "momentum": 0.9, "K": 2}
    return {
        **{f"sgd_K{k}": {"inner": "sgd", "alpha": alpha, "K": k} for k in steps},
        "sgd_momentum_K2": momentum,
        "sgd_nesterov_K2": {**momentum, "nesterov": True},
    }


def adamw_variants(large_eps, **options):
    """From zero moments with the usual epsilon and with one that float32 can follow, and from warm moments."""
    return {
        f"adamw_K{k}_{state}_eps{eps:.4g}": {**ADAMW, **options, "K": k, "state": state, "eps": eps}
        for k in (1, 2) for state, eps in (("zero", 1e-8), ("zero", large_eps), ("shared", 1e-8))
    }


def anil_variants(alpha, name, adapted):
    return {name: {"inner": "sgd", "alpha": alpha, "K": 2, "adapted": adapted}}


def stepper(hyperparameters):
    """The inner update of a variant."""
    h = hyperparameters
    if h["inner"] == "sgd":
        options = {key: h[key] for key in ("alpha", "momentum", "nesterov") if key in h}
        return lambda *given: inner_loop.sgd(*given, **options)
    return lambda *given: inner_loop.adamw(*given, **{key: h[key] for key in ("lr", "betas", "eps", "weight_decay")})


def start(hyperparameters, setup):
    if hyperparameters["inner"] == "sgd":
        return None
    if hyperparameters["state"] == "shared":
        return setup.moments
    return inner_loop.zeros(setup.theta), inner_loop.zeros(setup.theta), 0


def adaptation(hyperparameters, setup, support, names=None):
    """The inner loop of a variant on one support batch, as a function of where it begins."""
    h = hyperparameters

    def adapt(theta, differentiable):
        given = (setup.loss, theta, [support] * h["K"], stepper(h), start(h, setup))
        return inner_loop.descend(*given, names=names or h.get("adapted"), differentiable=differentiable)[0]
    return adapt


def solve(problem, hyperparameters, what, names=None, tie=lambda gradients: gradients):
    """What a variant stores, and what the inner loop on the first task ends with."""
    def compute(setup):
        found = {}
        for order in (1, 2):
            results = [
                inner_loop.meta_gradient(setup.loss, setup.theta, query,
                                         adaptation(hyperparameters, setup, support, names), order)
                for support, query in problem.tasks
            ]
            found[order] = tie(inner_loop.mean([gradient for gradient, _ in results]))
            found["losses"] = [loss for _, loss in results]
        adapted = adaptation(hyperparameters, setup, problem.tasks[0][0], names)(setup.theta, False)
        return {**found, "adapted": adapted}

    ill = hyperparameters.get("eps") == 1e-8 and hyperparameters["state"] == "zero"
    exact, single = problem.solve(compute, what, 1e-5 if ill else 1e-9)
    setup = problem.setup(problem.writings[0], torch.float64)
    check_values(setup, problem.tasks[0][0], hyperparameters, exact["adapted"], what, names)
    check_differences(problem, setup, hyperparameters, what, names)
    return exact, single


def check_values(setup, support, hyperparameters, adapted, what, names):
    """The inner loop's end against torch.optim."""
    h = hyperparameters
    params = inner_loop.leaves(setup.theta)
    own = {name: params[name] for name in names or h.get("adapted", params)}
    if h["inner"] == "sgd":
        options = {key: h[key] for key in ("momentum", "nesterov") if key in h}
        optimizer = torch.optim.SGD(own.values(), lr=h["alpha"], **options)
    else:
        optimizer = torch.optim.AdamW(own.values(), **{key: h[key] for key in ("lr", "betas", "eps", "weight_decay")})
        m, v, t = start(h, setup)
        for name, p in own.items():
            optimizer.state[p] = {"step": torch.tensor(float(t)), "exp_avg": m[name].clone(), "exp_avg_sq": v[name].clone()}
    for _ in range(h["K"]):
        optimizer.zero_grad()
        setup.loss(params, support).backward()
        optimizer.step()
    require_close(adapted, params, 1e-9, f"{what}: torch.optim")


def check_differences(problem, setup, hyperparameters, what, names):
    """The second-order gradient of the first task against central differences of its query loss."""
    support, query = problem.tasks[0]
    adapt = adaptation(hyperparameters, setup, support, names)
    found, _ = inner_loop.meta_gradient(setup.loss, setup.theta, query, adapt, 2)
    gap = inner_loop.gap_to_differences(lambda theta: setup.loss(adapt(theta, False), query).item(), setup.theta, found, 1)
    # A kink of ReLU, or a gradient about as small as epsilon, within the step makes differences coarser.
    if not gap < 1e-4:
        raise AssertionError(f"{what}: differences are {gap:.2g} away")


def section(problem, variants, keep, what):
    """Variants as they are stored; `keep` stores a set of tensors under a name."""
    told = {}
    for name, hyperparameters in variants.items():
        exact, single = solve(problem, hyperparameters, f"{what} {name}")
        told[name] = stored(name, hyperparameters, exact, single, keep)
    return told


def stored(name, hyperparameters, exact, single, keep):
    orders = {1: "first_order", 2: "second_order"}
    entry = {"hyperparameters": hyperparameters}
    if "head" not in exact["adapted"]:
        entry["adapted_params_task0"] = keep(f"{name}/adapted", exact["adapted"])
        ends = [without_key_bias(found["adapted"]) for found in (exact, *single)]
        entry["tolerance"] = {"adapted_params_without_key_bias": block(ends[0], ends[1:])}
    for order in (2, 1):
        entry[orders[order]] = {
            "per_task": [{"query_loss_after": loss} for loss in exact["losses"]],
            "meta_grad": keep(f"{name}/{orders[order]}", exact[order]),
            "tolerance": {
                "meta_grad": block(exact[order], [found[order] for found in single]),
                "per_task_losses": scalar_block(exact["losses"], [found["losses"] for found in single]),
            },
        }
    return entry


WTE = "transformer.wte.weight"


def untied_head(problem, alpha, keep):
    """ANIL on a GPT-2 whose head is a copy of its embedding, made where the inner loop begins, and adapted alone.

    The meta-gradient of the embedding is that of both uses.
    """
    model = tiny_gpt2.load()

    def own(params, batch):
        return tiny_gpt2.own_logits(params, batch, head=params["head"])

    def library(params, batch):
        given = {"input_ids": batch["ids"], "attention_mask": batch["mask"]}
        parts = {name: p for name, p in params.items() if name != "head"} | {"lm_head.weight": params["head"]}
        return functional_call(model, parts, (), given, tie_weights=False).logits

    def tie(gradients):
        return {name: g + gradients["head"] if name == WTE else g for name, g in gradients.items() if name != "head"}

    untied = Problem({**problem.theta, "head": problem.theta[WTE]},
                     (tiny_gpt2.metaicl_loss(own), tiny_gpt2.metaicl_loss(library)), problem.tasks,
                     tuple({**moments, "head": moments[WTE]} for moments in problem.moments[:2]) + (problem.moments[2],))
    name, hyperparameters = "anil_untied_head_K2", {"inner": "sgd", "alpha": alpha, "K": 2}
    exact, single = solve(untied, hyperparameters, name, ["head"], tie)
    return {name: stored(name, hyperparameters, exact, single, keep)}
