"""Scores the questions of real target tasks with PyTorch, in one of two ways. Prints one line of JSON.

repo    as MetaICL's repository does it: batches of sequences padded to the longest that the model reads, eager
        attention, logits at every position. Every batch takes the same time, so only every EVERY-th question is read
        and the time scaled up to all of them.
prefix  the strongest way that we know: what the questions of a set begin with is read once, its keys and values are
        shared by batches of what follows, longest first, and the head runs at scored positions only.
"""
import argparse
import json
import resource
import time
from collections import defaultdict
from os.path import commonprefix

import torch
from torch.nn.functional import cross_entropy
from transformers import DynamicCache, GPT2LMHeadModel
from transformers.utils import logging

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--way", choices=["repo", "prefix"], required=True)
parser.add_argument("--weights", required=True, help="a checkpoint folder")
parser.add_argument("--questions", required=True, help="the file that targetQuestions.ts writes")
parser.add_argument("--every", type=int, default=1)
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--threads", type=int, required=True)
options = parser.parse_args()

torch.set_num_threads(options.threads)
logging.disable_progress_bar()
attention = dict(repo="eager", prefix="sdpa")[options.way]
model = GPT2LMHeadModel.from_pretrained(options.weights, attn_implementation=attention).eval()


def batches(items):
    return [items[i : i + options.batch] for i in range(0, len(items), options.batch)]


def padded(rows, length):
    return torch.tensor([row + [0] * (length - len(row)) for row in rows])


def read_repo(sequences):
    """One score per sequence, from the loss at every position."""
    length = model.config.n_positions
    scores = []
    for batch in batches(sequences):
        ids = padded([s["ids"] for s in batch], length)
        present = padded([[1] * len(s["ids"]) for s in batch], length)
        scored = padded([[int(i >= s["scoredFrom"]) for i in range(len(s["ids"]))] for s in batch], length)[:, 1:]
        logits = model(input_ids=ids, attention_mask=present).logits[..., :-1, :].contiguous()
        losses = cross_entropy(logits.view(-1, logits.size(-1)), ids[:, 1:].reshape(-1), reduction="none")
        scores += ((losses.view(scored.shape) * scored).sum(1) / scored.sum(1)).tolist()
    return scores


def read_prefix(sequences):
    """One score per sequence; those that begin with the same tokens share them."""
    groups = defaultdict(list)
    for index, sequence in enumerate(sequences):
        groups[tuple(sequence["ids"][:32])].append(index)
    scores = [None] * len(sequences)
    for group in groups.values():
        start = len(commonprefix([sequences[i]["ids"] for i in group]))
        start = min(start, *(sequences[i]["scoredFrom"] - 1 for i in group))
        known = DynamicCache(config=model.config)
        model.transformer(torch.tensor([sequences[group[0]]["ids"][:start]]), past_key_values=known, use_cache=True)
        for indices in batches(sorted(group, key=lambda i: -len(sequences[i]["ids"]))):
            for index, score in zip(indices, read_suffixes([sequences[i] for i in indices], known, start)):
                scores[index] = score
    return scores


def read_suffixes(batch, known, start):
    rows = [s["ids"][start:] for s in batch]
    ids = padded(rows, len(rows[0]))
    cache = repeated(known, len(batch))
    hidden = model.transformer(ids, past_key_values=cache, use_cache=True).last_hidden_state
    row = [r for r, s in enumerate(batch) for _ in range(s["scoredFrom"], len(s["ids"]))]
    at = [i - start for s in batch for i in range(s["scoredFrom"], len(s["ids"]))]
    row, at = torch.tensor(row), torch.tensor(at)
    losses = cross_entropy(model.lm_head(hidden[row, at - 1]), ids[row, at], reduction="none")
    sums = torch.zeros(len(batch)).index_add_(0, row, losses)
    return (sums / torch.bincount(row)).tolist()


def repeated(known, count):
    """A cache that can be added to, without a copy of what is known."""
    cache = DynamicCache(config=model.config)
    for layer, source in zip(cache.layers, known.layers):
        layer.lazy_initialization(source.keys, source.values)
        layer.keys = source.keys.expand(count, -1, -1, -1)
        layer.values = source.values.expand(count, -1, -1, -1)
    return cache


with open(options.questions) as file:
    sets = [s["questions"] for s in json.load(file)]
every = options.every if options.way == "repo" else 1
chosen = [[q if i % every == 0 else None for i, q in enumerate(questions)] for questions in sets]
read = [[s for q in questions if q for s in q] for questions in chosen]
total = sum(len(q) for questions in sets for q in questions)

begun = time.perf_counter()
with torch.inference_mode():
    if options.way == "repo":
        flat = read_repo([s for part in read for s in part])
    else:
        flat = [score for part in read for score in read_prefix(part)]
seconds = (time.perf_counter() - begun) * total / len(flat)

remaining = iter(flat)
scores = [q and [next(remaining) for _ in q] for questions in chosen for q in questions]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps(dict(seconds=[seconds], peakMiB=peak, scores=scores)))
