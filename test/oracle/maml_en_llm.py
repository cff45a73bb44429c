"""MAML-en-LLM (Sinha et al. 2024, sections 3.2 to 3.4): three meta-updates in a row, under each reading of what the
paper leaves open about sharing moments.

Proves the meta-gradient through AdamW steps on one support batch each, the outer step, and where moments go.
"""

import torch

import inner_loop
import problems
import tiny_gpt2
from numbers_file import NumbersFile
from tolerance import block, minus, require_close, scalar_block, without_key_bias

UPDATES = 3
HYPERPARAMETERS = {"lr": 0.001, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.5}

# Where a task's moments come from, and which ones the outer step goes on from.
READINGS = {
    "A_single_shared_state": ("the task before; the first task from the outer step", "last"),
    "B_snapshot_per_meta_update": ("outer", "last"),
    "C_one_way_copy": ("zero", "last"),
    "D_no_sharing": ("zero", "outer"),
    "E_mean_copy": ("outer", "mean"),
    "F_separate": ("the task before, also of the meta-update before", "outer"),
}
A, B, C, D, E, F = READINGS

# (tasks, inner steps), reading, start, order
CASES = [
    *[((2, steps), reading, start, 2) for steps in (1, 2) for reading in (A, B) for start in ("cold_eps1e-3", "warm")],
    ((2, 1), A, "cold", 2),
    ((2, 1), B, "cold", 2),
    ((2, 2), C, "cold_eps1e-3", 2),
    ((2, 2), D, "cold_eps1e-3", 2),
    ((2, 2), E, "cold_eps1e-3", 2),
    ((2, 2), E, "warm", 2),
    ((2, 2), F, "cold_eps1e-3", 2),
    ((1, 1), A, "warm", 2),  # MAML-2-1
    ((4, 1), A, "warm", 2),  # MAML-2-4
    ((2, 2), A, "warm", 1),
]

HOW = """Each of k tasks takes n inner AdamW steps, step j on its j-th support batch of one sequence; its query batch of n
sequences gives the loss and, through all its inner steps, the gradient with respect to theta. The mean over tasks is
the gradient of one outer AdamW step on theta, with the hyperparameters of the inner ones. Moments that a task is given
are constants. Readings: """ + "; ".join(
    f"{name}: a task starts from {start}, the outer step from {end}" for name, (start, end) in READINGS.items()) + """.
'outer' is where the last outer step ended, 'last' where the last task ended, 'mean' the mean over tasks. cold starts
from zero, with eps 1e-8 or 1e-3, warm from the formula of maml/gpt2_tiny.json. update is theta minus that at the start."""


def meta_updates(setup, order, reading, start, task_sets, hyperparameters):
    """Runs the meta-updates; gives what each ends with."""
    def step(*given):
        return inner_loop.adamw(*given, **hyperparameters)

    def zero():
        return inner_loop.zeros(setup.theta), inner_loop.zeros(setup.theta), 0

    theta = setup.theta
    outer = setup.moments if start == "warm" else zero()
    own = zero()  # the inner optimizer's own, which only F_separate keeps
    found = []
    for tasks in task_sets:
        ends, gradients, losses = [], [], []
        for support, query in tasks:
            before = {A: ends[-1] if ends else outer, B: outer, C: zero(), D: zero(), E: outer, F: own}[reading]

            def adapt(theta, differentiable, before=before, support=support):
                params, state, _ = inner_loop.descend(setup.loss, theta, support, step, before, differentiable=differentiable)
                adapt.state = detached(state)
                return params

            gradient, loss = inner_loop.meta_gradient(setup.loss, theta, query, adapt, order)
            own = adapt.state
            ends.append(own)
            gradients.append(gradient)
            losses.append(loss)
        if reading in (A, B, C):
            outer = ends[-1]
        elif reading == E:
            outer = (inner_loop.mean([m for m, _, _ in ends]), inner_loop.mean([v for _, v, _ in ends]), ends[-1][2])
        meta = inner_loop.mean(gradients)
        before = theta, outer
        theta, outer = step(theta, meta, outer)
        found.append({"losses": losses, "meta_grad": meta, "theta": theta, "m": outer[0], "v": outer[1], "t": outer[2],
                      "outer_step_from": before})
    return found


def detached(state):
    m, v, t = state
    return {name: x.detach() for name, x in m.items()}, {name: x.detach() for name, x in v.items()}, t


def check_outer_step(update, hyperparameters):
    """The outer step against torch.optim."""
    theta, (m, v, t) = update["outer_step_from"]
    params = inner_loop.leaves(theta)
    optimizer = torch.optim.AdamW(params.values(), **hyperparameters)
    for name, p in params.items():
        p.grad = update["meta_grad"][name].clone()
        optimizer.state[p] = {"step": torch.tensor(float(t)), "exp_avg": m[name].clone(), "exp_avg_sq": v[name].clone()}
    optimizer.step()
    require_close(update["theta"], params, 1e-12, "maml-en-llm: the outer step of torch.optim")


def main():
    problem = problems.gpt2()
    generator = torch.Generator().manual_seed(8001)
    file = NumbersFile("maml-en-llm/meta_updates.json")

    def draw(steps):
        support = [tiny_gpt2.draw_batch(generator, [(10, 2)]) for _ in range(steps)]
        return support, tiny_gpt2.draw_batch(generator, [(10 - j, 3 - j) for j in range(steps)])

    sizes = list(dict.fromkeys(size for size, *_ in CASES))
    task_sets = {size: [[draw(size[1]) for _ in range(size[0])] for _ in range(UPDATES)] for size in sizes}
    name_of = {size: f"tasks{size[0]}_steps{size[1]}" for size in sizes}
    cases = {}
    for size, reading, start, order in CASES:
        name = "/".join([name_of[size], reading, start, *(["first_order"] if order == 1 else [])])
        hyperparameters = {**HYPERPARAMETERS, **({"eps": 1e-3} if start == "cold_eps1e-3" else {})}
        given = (order, reading, start, task_sets[size], hyperparameters)
        setups = [problem.setup(writing, dtype) for dtype in (torch.float64, torch.float32) for writing in problem.writings]
        exact, again, *single = (meta_updates(setup, *given) for setup in setups)
        for update, other in zip(exact, again, strict=True):
            check_outer_step(update, hyperparameters)
            for key in ("meta_grad", "m", "v"):
                require_close(other[key], update[key], 1e-4 if start == "cold" else 1e-9, f"maml-en-llm {name} {key}")
        cases[name] = {
            "hyperparameters": hyperparameters, "tasks": size[0], "inner_steps": size[1], "reading": reading,
            "start": start, "order": order, "task_set": name_of[size],
            "meta_updates": [stored(file, f"{name}/{i + 1}", i, exact[i], [run[i] for run in single], problem.theta)
                             for i in range(UPDATES)],
        }
    file.write(HOW, {
        "task_sets": {name_of[size]: [[{"support": [tiny_gpt2.as_lists(batch) for batch in support],
                                        "query": tiny_gpt2.as_lists(query)} for support, query in tasks]
                                      for tasks in task_sets[size]] for size in sizes},
        "cases": cases,
    })


def stored(file, name, i, exact, single, theta):
    """Meta-gradients of the first and the last meta-update, and all that the last one leaves."""
    entry = {"tasks": [{"query_loss_after": loss} for loss in exact["losses"]], "t_after_outer_step": exact["t"]}
    last = i == UPDATES - 1
    if i > 0 and not last:
        return entry
    keys = ["meta_grad", *(["theta", "m", "v"] if last else [])]
    entry |= {key: file.strided(f"{name}/{key}", exact[key]) for key in keys}
    tolerance = {key: block(exact[key], [found[key] for found in single]) for key in ("meta_grad", "m", "v")}
    ends = [without_key_bias(found["theta"]) for found in (exact, *single)]
    begin = without_key_bias(theta)
    entry["tolerance"] = {
        **tolerance,
        "theta_without_key_bias": block(ends[0], ends[1:]),
        "update_without_key_bias": block(minus(ends[0], begin), [minus(end, begin) for end in ends[1:]]),
        "query_loss": scalar_block(exact["losses"], [found["losses"] for found in single]),
    }
    return entry
