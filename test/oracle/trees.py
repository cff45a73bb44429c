"""Scores of answers: each sequence read alone and in full by transformers, in float64, without a cache.

Proves that questions which share their beginnings, read as trees after a common prefix, score as if read one by one.
"""

import torch

import tiny_gpt2
from numbers_file import NumbersFile
from tiny_gpt2 import POSITIONS, VOCABULARY
from tolerance import recommended

QUESTIONS = 8
PROMPT = 8  # embeddings before every sequence of the case with a soft prompt

HOW = """score = mean negative log-likelihood of the tokens from scoredFrom on, given all before, on the checkpoint of
gpt2-tiny. Questions have 2 to 9 tokens of their own, and a sequence for each of their options. What is longer than
the model reads, or than the case allows, has lost its beginning. soft_prompt: the first 8 embeddings of the vocabulary
stand before every sequence, in positions 0 to 7. absolute_tolerance is 10 times the worst error
in float32 of transformers, and but for soft_prompt of the model written out."""


def main():
    generator = torch.Generator().manual_seed(9001)

    def tokens(count):
        return torch.randint(VOCABULARY, (count,), generator=generator).tolist()

    def ask(demonstrations, options, longest=POSITIONS):
        return [[sequence(demonstrations + query, option, longest) for option in options] for query in queries]

    queries = [[100 + i, *tokens(1 + i)] for i in range(QUESTIONS)]  # none begins as another does
    demonstrations = tokens(40)
    # Options begin alike, as those that follow a separator do.
    options = [[7, *tokens(length)] for length in (1, 2, 4)]
    labels = [tokens(length) for length in (1, 2, 3)]
    questions = {
        "with common demonstrations": ask(demonstrations, options),
        "without demonstrations": ask([], options),
        "that score the input after each label": [[sequence(demonstrations + label, query) for label in labels]
                                                  for query in queries],
        # 60 + 2 to 9 + 2 tokens, of which 64 stay: each question loses another number.
        "truncated by different lengths": ask(tokens(60), [options[0], [7, 8]]),
        # 40 + 2 to 9 + 2, 3 or 5 tokens, of which 50 stay: most questions lose none, some sequences one to four.
        "truncated in part": ask(demonstrations, options, 50),
        "after a single token": ask([11], options),
    }
    NumbersFile("trees/tree_scores.json").write(HOW, {
        "cases": {name: case(found, read) for name, found in questions.items()},
        "soft_prompt": {"tokens": PROMPT, **case(questions["with common demonstrations"], read_after_prompt)},
    })


def sequence(before, scored, longest=POSITIONS):
    ids = (before + scored)[-longest:]
    return {"ids": ids, "scoredFrom": len(ids) - len(scored)}


def read(dtype):
    """The logits of one sequence by transformers."""
    model = tiny_gpt2.load().to(dtype)
    return lambda ids: model(ids).logits


def read_after_prompt(dtype):
    model = tiny_gpt2.load().to(dtype)
    table = model.transformer.wte.weight

    def logits(ids):
        embedded = torch.cat([table[None, :PROMPT], table[ids]], 1)
        return model(inputs_embeds=embedded).logits[:, PROMPT:]
    return logits


def read_own(dtype):
    params = {name: p.to(dtype) for name, p in tiny_gpt2.parameters(tiny_gpt2.load()).items()}
    return lambda ids: tiny_gpt2.own_logits(params, {"ids": ids})


@torch.no_grad()
def scores(questions, logits):
    found = []
    for question in questions:
        for given in question:
            ids = torch.tensor([given["ids"]])
            losses = tiny_gpt2.token_losses(logits(ids), ids)[0]
            found.append(losses[given["scoredFrom"] - 1:].mean().item())
    return found


def case(questions, reader):
    exact = scores(questions, reader(torch.float64))
    writings = [reader] if reader is read_after_prompt else [reader, read_own]
    if read_own in writings:
        worst = max(abs(a - b) for a, b in zip(scores(questions, read_own(torch.float64)), exact, strict=True))
        if worst > 1e-12:
            raise AssertionError(f"scores: two references differ by {worst:.2g}")
    measured = max(abs(a - b) for writing in writings
                   for a, b in zip(scores(questions, writing(torch.float32)), exact, strict=True))
    return {"questions": [{"sequences": question} for question in questions], "scores": exact,
            "absolute_tolerance": recommended(measured)}
