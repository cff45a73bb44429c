"""MAML on sine curves in PyTorch, beside metalearnMaml.ts: second order, one inner step, 10 shots.

Finn et al. 2017, section 5.1, in the manner of learn2learn's maml_update: adapted weights are
functions of the initial ones, and one backward pass goes through the inner step. Prints the mean
query loss on 600 held-out curves, after meta-training with each seed. Needs torch alone.
"""
import argparse
import json
import math
import time

import torch
from torch.nn import functional as F

SHOTS, TASKS, INNER_RATE, OUTER_RATE, HELD_OUT = 10, 25, 0.01, 1e-3, 600


def network():
    return torch.nn.Sequential(
        torch.nn.Linear(1, 40), torch.nn.ReLU(),
        torch.nn.Linear(40, 40), torch.nn.ReLU(),
        torch.nn.Linear(40, 1),
    )


def curve(generator):
    """Support and query of one curve: ((x, y), (x, y)), each [SHOTS, 1]."""
    amplitude = 0.1 + 4.9 * torch.rand(1, generator=generator)
    phase = math.pi * torch.rand(1, generator=generator)

    def points():
        x = 10 * torch.rand(SHOTS, 1, generator=generator) - 5
        return x, amplitude * torch.sin(x - phase)

    return points(), points()


def query_loss(model, params, support, query, create_graph):
    call = torch.func.functional_call
    loss = F.mse_loss(call(model, params, support[0]), support[1])
    grads = torch.autograd.grad(loss, list(params.values()), create_graph=create_graph)
    adapted = {name: p - INNER_RATE * g for (name, p), g in zip(params.items(), grads)}
    return F.mse_loss(call(model, adapted, query[0]), query[1])


def run(seed, updates):
    torch.manual_seed(seed)
    model = network()
    params = dict(model.named_parameters())
    optimizer = torch.optim.Adam(params.values(), lr=OUTER_RATE)
    training = torch.Generator().manual_seed(seed)
    begun = time.perf_counter()
    for _ in range(updates):
        losses = [query_loss(model, params, *curve(training), True) for _ in range(TASKS)]
        optimizer.zero_grad()
        torch.stack(losses).mean().backward()
        optimizer.step()
    seconds = time.perf_counter() - begun
    held_out = torch.Generator().manual_seed(1_000_000)
    losses = [
        query_loss(model, params, *curve(held_out), False).item() for _ in range(HELD_OUT)
    ]
    return {"seed": seed, "updates": updates, "loss": sum(losses) / HELD_OUT, "seconds": seconds}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--seeds", default="1,2,3")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for seed in map(int, args.seeds.split(",")):
        print(json.dumps(run(seed, args.updates)), flush=True)
