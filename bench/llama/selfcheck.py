"""Compares every kind of work with the plainest code that there is for it, in float64, on a small model."""
import math
import sys

from options import options

import torch
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from distance import distance
from works import open_model, tokens, work_named

limit = 1e-4  # norms and rotary positions of transformers' Llama are float32 in any case


def selfcheck():
    torch.set_default_dtype(torch.float64)
    options.weights, options.precision, options.time, options.scored = None, "float32", 32, 5
    results = [*metaicl(), *maml(), *scores()]
    for name, value, passed in results:
        print(f"{'ok' if passed else 'FAILED':6} {name}: {value:.1e}")
    sys.exit(0 if all(passed for *_, passed in results) else 1)


def plain_loss(model, params, ids):
    """Mean over scored tokens of the loss from the logits at every position."""
    logits = functional_call(model, params, args=(), kwargs=dict(input_ids=ids, use_cache=False)).logits
    losses = cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none").view(len(ids), -1)
    return losses[:, -options.scored :].mean(1)


def metaicl():
    """Distances between the ways that parameters went in three steps, clipped to norm 1."""
    model = open_model("eager")
    named = dict(model.named_parameters())
    begin = [p.detach().clone() for p in named.values()]
    moved = lambda params: [p.detach() - b for p, b in zip(params, begin)]
    optimizer = torch.optim.AdamW(named.values(), lr=1e-5, weight_decay=0.0, foreach=False)
    torch.manual_seed(2)
    for _ in range(3):
        plain_loss(model, named, tokens(model.config, 1, options.time)).mean().backward()
        assert torch.nn.utils.clip_grad_norm_(named.values(), 1.0) > 1, "nothing is clipped"
        optimizer.step()
        optimizer.zero_grad()
    for way in ("tuned", "lean", "compiled"):
        work = work_named(f"metaicl-{way}")
        torch.manual_seed(2)
        for _ in range(3):
            work.step()
        value = distance(moved(work.params), moved(named.values()))
        yield f"metaicl-{way}, three steps", value, value < limit


def maml():
    """Distances between the meta-gradients of the second update, with moments of the first."""
    model = open_model("eager")
    for p in model.parameters():
        p.requires_grad_(False)
    rate, epsilon = 1e-3, 1e-3  # so that a missing second-order part is seen

    def plain(second_order):
        params = {name: p.detach().clone() for name, p in model.named_parameters()}
        moments = {name: (torch.zeros_like(p), torch.zeros_like(p)) for name, p in params.items()}
        torch.manual_seed(2)
        for update in (0, 2):
            initial = {name: p.detach().requires_grad_() for name, p in params.items()}
            query, support = (tokens(model.config, 1, options.time) for _ in range(2))
            loss = plain_loss(model, initial, support).mean()
            inner = torch.autograd.grad(loss, list(initial.values()), create_graph=second_order)
            inner = dict(zip(params, inner))
            adapted, moments = adamw(initial, inner, moments, update + 1)
            loss = plain_loss(model, adapted, query).mean()
            gradients = torch.autograd.grad(loss, list(initial.values()))
            with torch.no_grad():
                params, moments = adamw(params, dict(zip(params, gradients)), moments, update + 2)
            moments = {name: (m.detach(), v.detach()) for name, (m, v) in moments.items()}
        return gradients

    def adamw(params, gradients, moments, update):
        updated, kept = {}, {}
        for name, p in params.items():
            g, (m, v) = gradients[name], moments[name]
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            root = torch.where(v == 0, v, v.where(v != 0, 1.0).sqrt())
            denominator = root / math.sqrt(1 - 0.999**update) + epsilon
            updated[name], kept[name] = p - rate / (1 - 0.9**update) * m / denominator, (m, v)
        return updated, kept

    reference = plain(second_order=True)
    share = distance(plain(second_order=False), reference)
    yield "second-order part of the meta-gradient, which must be seen", share, share > 1e-3
    for name in ("maml2", "maml2-lean"):
        work = work_named(name)
        work.optimizer.rate, work.optimizer.epsilon = rate, epsilon
        torch.manual_seed(2)
        work.step()
        _, gradients = work.gradient(work.sequence(), work.sequence())
        value = distance(gradients, reference)
        yield f"{name}, second meta-gradient", value, value < limit


def scores():
    """Largest differences between scores."""
    model = open_model("eager")
    prefix, suffixes = tokens(model.config, 1, 20), tokens(model.config, 16, 12)
    with torch.inference_mode():
        whole = torch.cat([prefix.expand(16, -1), suffixes], 1)
        reference = plain_loss(model, dict(model.named_parameters()), whole)
    for name in ("score-prefix", "score-lean"):
        value = float((work_named(name).scores(prefix, suffixes) - reference).abs().max())
        yield f"{name}, sixteen options", value, value < limit
