"""PyTorch's side of the rows of Llama's shape: one kind of work on a checkpoint's weights and random tokens. Prints one
line of JSON, with seconds of each timed step and peak memory of the process.

metaicl-tuned     transformers' Llama: SDPA, output head at scored positions only, clip_grad_norm_, fused AdamW
metaicl-lean      Llama of plain functions (lean.py): clipping inside fused AdamW
metaicl-compiled  the same with torch.compile over loss and gradient
maml2             MAML-en-LLM, second order: transformers' Llama with eager attention, torch.func.functional_call,
                  create_graph=True, inner AdamW as one autograd.Function (adamw.py)
maml2-lean        the same with Llama of plain functions
score-prefix      transformers' Llama: the shared prefix is read once, its KV cache repeated for the batch of options
score-lean        Llama of plain functions; the options' queries are packed, nothing of the prefix is repeated

--selfcheck compares all of them, on a small shape in float64, with the plainest code there is for each: full logits,
eager attention, torch.optim.AdamW.

On a processor that is not Intel's, MKL takes AVX2 kernels. A preloaded library of one function lets it use AVX-512,
which needs gcc; --no-mkl-shim leaves MKL as it is installed.
"""
import json
import resource
import time
from pathlib import Path

from options import options  # first: may start the program anew

import torch
from safetensors.torch import load_file

from adamw import AdamW
from distance import distance, norm
from selfcheck import selfcheck
from works import Maml, Score, work_named


def measure():
    work = work_named(options.algorithm)
    seconds = []
    for _ in range(options.warmup + options.steps):
        begun = time.perf_counter()
        work.step()
        seconds.append(time.perf_counter() - begun)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return dict(seconds=seconds[options.warmup :], peakMiB=peak)


def check():
    """Loss of given tokens and distance of the gradient from the given one; or scores."""
    given = json.loads(Path(options.check).read_text())
    prefix, suffixes = torch.tensor([given["prefix"]]), torch.tensor(given["suffixes"])
    query, support = torch.tensor([given["query"]]), torch.tensor([given["support"]])
    work = work_named(options.algorithm)
    if isinstance(work, Score):
        return dict(scores=[work.scores(prefix, suffixes).tolist()])
    others = load_file(Path(options.against) / "model.safetensors")

    def compute(**more):
        work.optimizer = AdamW(rate=given["learningRate"], epsilon=given["epsilon"])
        return work.gradient(query, support, **more)

    loss, gradients = compute()
    result = dict(loss=loss, norm=norm(gradients), distance=distance([others[n] for n in work.names], gradients))
    if isinstance(work, Maml):
        result["secondOrder"] = distance(compute(order=1)[1], gradients)
    return result


if options.selfcheck:
    selfcheck()
else:
    print(json.dumps(check() if options.check else measure()))
