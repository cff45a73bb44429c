"""MAML on sine curves in PyTorch, beside metalearnMaml.ts: second order, one inner step, 10 shots.

Finn et al. 2017, section 5.1, as learn2learn's maml_update has it: adapted weights are functions of
the initial ones, and one backward pass goes through the inner step. Prints the mean query loss on 600
held-out curves, after meta-training with each seed. Needs torch alone.
"""
import argparse
import json
import math
import time

import torch
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

SHOTS, TASKS, INNER_RATE, OUTER_RATE, HELD_OUT = 10, 25, 0.01, 1e-3, 600

model = torch.nn.Sequential(
    torch.nn.Linear(1, 40), torch.nn.ReLU(),
    torch.nn.Linear(40, 40), torch.nn.ReLU(),
    torch.nn.Linear(40, 1),
)


def curves(count, generator):
    """Support x and y, query x and y: [count, SHOTS, 1] each."""
    amplitude = 0.1 + 4.9 * torch.rand(count, 1, 1, generator=generator)
    phase = math.pi * torch.rand(count, 1, 1, generator=generator)
    parts = []
    for _ in ("support", "query"):
        x = 10 * torch.rand(count, SHOTS, 1, generator=generator) - 5
        parts += [x, amplitude * torch.sin(x - phase)]
    return parts


def loss(params, x, y):
    return F.mse_loss(functional_call(model, params, x), y)


def query_loss(params, support_x, support_y, query_x, query_y):
    """Of one task, after one step on its support."""
    grads = grad(loss)(params, support_x, support_y)
    adapted = {name: p - INNER_RATE * grads[name] for name, p in params.items()}
    return loss(adapted, query_x, query_y)


query_losses = vmap(query_loss, in_dims=(None, 0, 0, 0, 0))


def run(seed, updates):
    torch.manual_seed(seed)
    for module in model:
        if isinstance(module, torch.nn.Linear):
            module.reset_parameters()
    params = dict(model.named_parameters())
    optimizer = torch.optim.Adam(params.values(), lr=OUTER_RATE)
    training = torch.Generator().manual_seed(seed)
    begun = time.perf_counter()
    for _ in range(updates):
        optimizer.zero_grad()
        query_losses(params, *curves(TASKS, training)).mean().backward()
        optimizer.step()
    seconds = time.perf_counter() - begun
    held_out = torch.Generator().manual_seed(1_000_000)
    with torch.no_grad():
        mean = query_losses(params, *curves(HELD_OUT, held_out)).mean().item()
    return {"seed": seed, "updates": updates, "loss": mean, "seconds": seconds}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--seeds", default="1,2,3")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for seed in map(int, args.seeds.split(",")):
        print(json.dumps(run(seed, args.updates)), flush=True)
