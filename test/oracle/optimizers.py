"""Optimizers, schedules and clipping: trajectories of torch.optim, schedules of transformers.

Proves every update rule of @metalearn/optimizers on a quadratic, and on GPT-2 with MetaICL's training step. The same
rules written out below have to agree, and serve as the second implementation in float32.
"""

import math
from fnmatch import fnmatchcase

import torch
from transformers import get_constant_schedule_with_warmup, get_linear_schedule_with_warmup

import problems
import tiny_gpt2
from numbers_file import NumbersFile, inline
from tolerance import block, minus, recommended, require_close, scalar_block, without_key_bias

STEPS = 5
ON_QUADRATIC = {
    "sgd": {"lr": 0.05},
    "sgd_l2": {"lr": 0.05, "weight_decay": 0.1},
    "sgd_momentum": {"lr": 0.02, "momentum": 0.9},
    "sgd_momentum_dampening_l2": {"lr": 0.02, "momentum": 0.8, "dampening": 0.5, "weight_decay": 0.1},
    "sgd_nesterov": {"lr": 0.02, "momentum": 0.9, "nesterov": True},
    "sgd_nesterov_l2": {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    "adam": {"lr": 0.05, "betas": [0.9, 0.999], "eps": 1e-8},
    "adam_l2": {"lr": 0.05, "betas": [0.8, 0.99], "eps": 1e-6, "weight_decay": 0.1},
    "adamw": {"lr": 0.05, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.1},
    "adamw_large_eps": {"lr": 0.05, "betas": [0.9, 0.95], "eps": 1e-2, "weight_decay": 0.1},
}
# Groups that differ from the optimizer's learning rate and decay; a parameter is in the first group that it matches.
IN_GROUPS_ON_QUADRATIC = {
    "sgd_momentum_groups": {"hyperparameters": {"lr": 0.02, "momentum": 0.9},
                            "groups": [{"pattern": "W", "lr": 0.005, "weight_decay": 0.2}]},
    "adamw_groups": {"hyperparameters": {"lr": 0.05, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.1},
                     "groups": [{"pattern": "w", "lr": 0.2}, {"pattern": "*", "weight_decay": 0.0}]},
}
ADAM = {"lr": 0.002, "betas": [0.9, 0.999], "eps": 1e-8}
ON_GPT2 = {
    "sgd": {"hyperparameters": {"lr": 0.02}},
    "sgd_momentum": {"hyperparameters": {"lr": 0.01, "momentum": 0.9}},
    "adam": {"hyperparameters": ADAM},
    "adamw": {"hyperparameters": {**ADAM, "weight_decay": 0.1}},
    "adamw_eps1e-4": {"hyperparameters": {**ADAM, "eps": 1e-4, "weight_decay": 0.1}},
    "metaicl_step": {
        "hyperparameters": {**ADAM, "weight_decay": 0.1},
        "clip_max_norm": 1.0,
        "schedule": {"num_warmup_steps": 2, "num_training_steps": 6},
        # MetaICL's list. Its second entry matches no name of GPT-2, whose layer norms are decayed.
        "no_decay": ["bias", "LayerNorm.weight"],
    },
    "adamw_groups": {
        "hyperparameters": {**ADAM, "weight_decay": 0.1},
        "clip_max_norm": 1.0,
        "schedule": {"num_warmup_steps": 2, "num_training_steps": 6},
        "groups": [{"pattern": "transformer.h.1.*.weight", "lr": 0.01},
                   {"pattern": "transformer.h.1.*", "lr": 0.0005, "weight_decay": 0.0},
                   {"pattern": "transformer.ln_f.*", "weight_decay": 0.5}],
    },
}


def class_of(name):
    if name.startswith("sgd"):
        return torch.optim.SGD
    return torch.optim.Adam if name in ("adam", "adam_l2") else torch.optim.AdamW


def rule(name, p, g, state, t, lr, *, momentum=0.0, dampening=0.0, nesterov=False, betas=None, eps=None, weight_decay=0.0):
    """Step t, from 1, of one tensor, written out."""
    decoupled = class_of(name) is torch.optim.AdamW
    if weight_decay:
        if decoupled:
            p = p - lr * weight_decay * p
        else:
            g = g + weight_decay * p
    if class_of(name) is torch.optim.SGD:
        if momentum:
            state["velocity"] = g if t == 1 else momentum * state["velocity"] + (1 - dampening) * g
            g = g + momentum * state["velocity"] if nesterov else state["velocity"]
        return p - lr * g
    beta1, beta2 = betas
    state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g * g
    corrected = state["m"] / (1 - beta1 ** t), state["v"] / (1 - beta2 ** t)
    return p - lr * corrected[0] / (corrected[1].sqrt() + eps)


def rate_at(schedule, lr, update):
    """The linear schedule with warm-up, written out; the first update is number 0."""
    if schedule is None:
        return lr
    warmup, total = schedule["num_warmup_steps"], schedule["num_training_steps"]
    return lr * (update / max(1, warmup) if update < warmup else max(0, total - update) / max(1, total - warmup))


def group_of(groups, key):
    """Options of the first group whose pattern a name matches."""
    found = next((group for group in groups if fnmatchcase(key, group["pattern"])), {})
    return {option: value for option, value in found.items() if option != "pattern"}


def run_torch(name, theta, loss, batches, *, hyperparameters, clip_max_norm=None, schedule=None, no_decay=(), groups=()):
    params = {key: tensor.clone().requires_grad_() for key, tensor in theta.items()}
    by_options = {}
    for key, p in params.items():
        own = {"weight_decay": 0.0} if any(part in key for part in no_decay) else group_of(groups, key)
        by_options.setdefault(tuple(own.items()), []).append(p)
    # Those that have the options of all first, so that the first learning rate is that of all.
    grouped = [{"params": members, **dict(own)} for own, members in sorted(by_options.items(), key=lambda pair: len(pair[0]))]
    optimizer = class_of(name)(grouped, **hyperparameters)
    scheduler = schedule and get_linear_schedule_with_warmup(optimizer, **schedule)
    steps = []
    for batch in batches:
        optimizer.zero_grad()
        value = loss(params, batch)
        value.backward()
        norm = torch.nn.utils.clip_grad_norm_(params.values(), clip_max_norm or math.inf)
        rate = rate_at(schedule, hyperparameters["lr"], len(steps)) if groups else optimizer.param_groups[0]["lr"]
        told = {"loss": value.item(), "grad_norm_before_clip": norm.item(), "lr": rate}
        optimizer.step()
        if scheduler:
            scheduler.step()
        steps.append({**told, "params": {key: p.detach().clone() for key, p in params.items()}})
    moments = [key for key in ("exp_avg", "exp_avg_sq") if class_of(name) is not torch.optim.SGD]
    state = {moment: {key: optimizer.state[p][moment] for key, p in params.items()} for moment in moments}
    return steps, state


def run_own(name, theta, loss, batches, *, hyperparameters, clip_max_norm=None, schedule=None, no_decay=(), groups=()):
    params, states, steps = dict(theta), {key: {} for key in theta}, []
    options = {key: value for key, value in hyperparameters.items() if key not in ("lr", "weight_decay")}
    for update, batch in enumerate(batches):
        params = {key: p.detach().requires_grad_() for key, p in params.items()}
        value = loss(params, batch)
        grads = dict(zip(params, torch.autograd.grad(value, list(params.values())), strict=True))
        norm = sum(g.square().sum() for g in grads.values()).sqrt()
        factor = min(1.0, clip_max_norm / (norm.item() + 1e-6)) if clip_max_norm else 1.0
        for key, p in params.items():
            own = {"weight_decay": 0.0, **hyperparameters, **group_of(groups, key)}
            lr = rate_at(schedule, own["lr"], update)
            decay = 0.0 if any(part in key for part in no_decay) else own["weight_decay"]
            params[key] = rule(name, p.detach(), grads[key] * factor, states[key], update + 1, lr, weight_decay=decay, **options)
        steps.append({"loss": value.item(), "params": params})
    return steps


def quadratic():
    """f(w, W) = (w - a)' A (w - a) / 2 + |W M - Y|^2 / 2."""
    generator = torch.Generator().manual_seed(5001)
    size = 6
    half = torch.randn(size, size, generator=generator) / 2
    shapes = {"a": (size,), "M": (3, 3), "Y": (4, 3), "w0": (size,), "W0": (4, 3)}
    problem = {"A": half @ half.T + torch.eye(size) / 2,
               **{name: torch.randn(*shape, generator=generator) for name, shape in shapes.items()}}

    def loss_in(dtype):
        p = {name: tensor.to(dtype) for name, tensor in problem.items()}

        def loss(params, _):
            d, residual = params["w"] - p["a"], params["W"] @ p["M"] - p["Y"]
            return (d @ p["A"] @ d + residual.square().sum()) / 2
        return loss, {"w": p["w0"], "W": p["W0"]}

    optimizers = {}
    without_groups = {name: {"hyperparameters": hyperparameters} for name, hyperparameters in ON_QUADRATIC.items()}
    for name, given in {**without_groups, **IN_GROUPS_ON_QUADRATIC}.items():
        (loss, theta), (loss32, theta32) = loss_in(torch.float64), loss_in(torch.float32)
        steps, _ = run_torch(name, theta, loss, [None] * STEPS, **given)
        own = run_own(name, theta, loss, [None] * STEPS, **given)
        single = [run_torch(name, theta32, loss32, [None] * STEPS, **given)[0],
                  run_own(name, theta32, loss32, [None] * STEPS, **given)]
        blocks = []
        for i, step in enumerate(steps):
            require_close(own[i]["params"], step["params"], 1e-12, f"quadratic {name}, step {i}")
            blocks.append(block(step["params"], [run[i]["params"] for run in single]))
        optimizers[name] = {
            **given,
            "steps": [{"loss": step["loss"], **inline(step["params"])} for step in steps],
            "tolerance": max(blocks, key=lambda found: found["measured_float32"]["rel_max"]),
        }
    NumbersFile("optimizers/quadratic.json").write(
        """Steps of torch.optim on f(w, W) = (w - a)' A (w - a) / 2 + |W M - Y|^2 / 2 from w0 and W0, in one parameter
        group unless others are listed. The loss is that before each step, w and W are those after it.""",
        {"problem": inline(problem), "optimizers": optimizers})


def on_gpt2():
    problem = problems.gpt2()
    generator = torch.Generator().manual_seed(6001)
    batches = [tiny_gpt2.draw_batch(generator, [(10, 3), (8, 2)]) for _ in range(STEPS)]
    file = NumbersFile("optimizers/gpt2_tiny_trajectories.json")
    optimizers = {}
    for name, given in ON_GPT2.items():
        exact = [problem.setup(writing, torch.float64) for writing in problem.writings]
        float32 = [problem.setup(writing, torch.float32) for writing in problem.writings]
        steps, state = run_torch(name, exact[0].theta, exact[0].loss, batches, **given)
        again = run_own(name, exact[1].theta, exact[1].loss, batches, **given)
        single = [run_torch(name, float32[1].theta, float32[1].loss, batches, **given)[0],
                  run_own(name, float32[0].theta, float32[0].loss, batches, **given)]
        ends = [without_key_bias(found[-1]["params"]) for found in (steps, again, *single)]
        begin = without_key_bias(problem.theta)
        require_close(minus(ends[1], begin), minus(ends[0], begin), 1e-7, f"gpt2 {name}")
        optimizers[name] = {
            "hyperparameters": given["hyperparameters"],
            "clip_max_norm": given.get("clip_max_norm"),
            "schedule": given.get("schedule"),
            "parameter_groups": "MetaICL no_decay" if "no_decay" in given else given.get("groups", "one group"),
            "steps": [{key: step[key] for key in ("loss", "grad_norm_before_clip", "lr")} for step in steps],
            "params_after_5": file.strided(f"{name}/params", steps[-1]["params"]),
            "state_after_5": {key: file.strided(f"{name}/{key}", tensors) for key, tensors in state.items()},
            "tolerance": {
                "params_without_key_bias": block(ends[0], ends[2:]),
                "update_without_key_bias": block(minus(ends[0], begin), [minus(end, begin) for end in ends[2:]]),
                "loss": scalar_block([step["loss"] for step in steps], [[step["loss"] for step in run] for run in single]),
            },
        }
    file.write("""MetaICL's loss on the checkpoint of gpt2-tiny, one batch per step. Loss, gradient norm and learning rate are those
        of the step, parameters and moments those after the last one. metaicl_step clips by the global norm and
        follows transformers' linear schedule; names that contain 'bias' or 'LayerNorm.weight' are not decayed. without_key_bias leaves
        c_attn.bias[d:2d] out: its gradient is 0, so that Adam's step there is round-off. update is parameters minus
        those at the start.""", {"batches": [tiny_gpt2.as_lists(batch) for batch in batches], "optimizers": optimizers})


def schedules_and_clipping():
    def rates(make, base, count):
        parameter = torch.nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([parameter], lr=base)
        scheduler, found = make(optimizer), []
        for _ in range(count):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return found

    linear = [(0, 10, 1e-5), (3, 10, 2e-3), (1, 4, 1.0), (5, 5, 1e-4), (7, 5, 1e-4)]
    constant = [(0, 1e-3), (4, 3e-3)]
    generator = torch.Generator().manual_seed(7001)
    clipping, measured = [], 0.0
    for scale, largest in ((1.0, 1.0), (0.1, 1.0), (30.0, 0.25), (1.0, 4.0)):
        grads = [scale * torch.randn(*shape, generator=generator) for shape in ((4,), (2, 3), (5,))]
        results = []
        for dtype in (torch.float64, torch.float32):
            params = [torch.nn.Parameter(torch.zeros_like(g, dtype=dtype)) for g in grads]
            for p, g in zip(params, grads, strict=True):
                p.grad = g.to(dtype, copy=True)
            norm = torch.nn.utils.clip_grad_norm_(params, largest)
            results.append((norm.item(), {str(i): p.grad for i, p in enumerate(params)}))
        (norm, clipped), (norm32, clipped32) = results
        measured = max(measured, abs(norm32 / norm - 1), block(clipped, [clipped32])["measured_float32"]["rel_max"])
        clipping.append({"max_norm": largest, "grads": list(inline(dict(enumerate(grads))).values()),
                         "total_norm": norm, "clipped": list(inline(clipped).values())})
    NumbersFile("optimizers/schedule_and_clipping.json").write(
        """Learning rates in force at update 0, 1, 2, ... of transformers' get_linear_schedule_with_warmup and
        get_constant_schedule_with_warmup; gradients before and after torch.nn.utils.clip_grad_norm_.""",
        {"schedules": [{"num_warmup_steps": warmup, "num_training_steps": total, "base_lr": base,
                        "lr_used_at_step_0_based": rates(
                            lambda o, w=warmup, t=total: get_linear_schedule_with_warmup(o, w, t), base, total + 3)}
                       for warmup, total, base in linear],
         "constant_schedules": [{"num_warmup_steps": warmup, "base_lr": base,
                                 "lr_used_at_step_0_based": rates(
                                     lambda o, w=warmup: get_constant_schedule_with_warmup(o, w), base, warmup + 3)}
                                for warmup, base in constant],
         "clipping": clipping,
         "tolerance": {"recommended_float32": {"rel_max": recommended(measured)}}})


def main():
    quadratic()
    on_gpt2()
    schedules_and_clipping()
