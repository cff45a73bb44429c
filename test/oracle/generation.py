"""Generation: greedy tokens, and distributions after temperature, top-k and top-p, by transformers' `generate`.

Proves the KV cache, the choice of tokens, and the filters and their order, ties among them.
"""

import torch
from transformers import GPT2Config, GPT2LMHeadModel, LogitsProcessorList
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from numbers_file import NumbersFile
from tiny_llama import VARIANTS, VOCABULARY, load

SHAPE = {"layers": 2, "width": 24, "heads": 3, "vocabularySize": 257, "maxTokens": 128}
PROMPTS, NEW_TOKENS, MARGIN = 50, 64, 1e-3
FILTERS = [(1.0, None, None), (0.7, None, None), (1.0, 5, None), (1.0, None, 0.9), (0.7, 20, 0.8), (1.7, 3, 0.5),
           (1.0, None, 0.01), (1.0, 1, None), (1.0, 1000, 1.0)]

HOW = """A GPT-2 of `shape` whose parameters are by formula: element i of the j-th one in the model's order is
(u / 2^32 - 0.5) * scale rounded to float32, plus 1 for the weight of a layer norm; u is
hash(2654435761 (i + 1) + 40503 (j + 1)) mod 2^32, hash(x) = m(x xor x >> 15), m(y) = 2246822519 y mod 2^32, then the same with
13 and 3266489917, then xor x >> 16; scale is 1.0 for matrices and 0.4 for vectors. greedy: what generate
returns after each prompt, in float64, with and without its cache; the likeliest token is at every step at least
margin ahead of the second, in logits. Prompts without such a margin are left out. llama: the same of the checkpoint in
`folder`, read up to `maxTokens`. sampled: log-probabilities
of the tokens that `generate(do_sample=True)` draws its first token from. warped: the ids that the three warpers of
transformers keep of scores with ties, in float32."""


def hashed(x):
    mask = 0xFFFFFFFF
    for shift, factor in ((15, 2246822519), (13, 3266489917)):
        x = ((x ^ (x >> shift)) * factor) & mask
    return x ^ (x >> 16)


def draw_model():
    config = GPT2Config(n_layer=SHAPE["layers"], n_embd=SHAPE["width"], n_head=SHAPE["heads"],
                        vocab_size=SHAPE["vocabularySize"], n_positions=SHAPE["maxTokens"],
                        embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0, bos_token_id=None, eos_token_id=None)
    model = GPT2LMHeadModel._from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for j, (name, parameter) in enumerate(model.named_parameters()):
            scale = 1.0 if parameter.dim() == 2 else 0.4
            centre = 1.0 if ".ln_" in name and name.endswith("weight") else 0.0
            values = [centre + (hashed((2654435761 * (i + 1) + 40503 * (j + 1)) & 0xFFFFFFFF) / 2**32 - 0.5) * scale
                      for i in range(parameter.numel())]
            parameter.copy_(torch.tensor(values, dtype=torch.float64).to(torch.float32).view(parameter.shape))
    return model


def main():
    model = draw_model().double()
    greedy, left_out = greedy_tokens(model, SHAPE["vocabularySize"], seed=9101)
    llama = VARIANTS[0]  # heads that share keys and values, scaled rotary positions
    longer = load(llama, max_position_embeddings=SHAPE["maxTokens"]).double()
    longer.generation_config.eos_token_id = None
    llama_greedy, llama_left_out = greedy_tokens(longer, VOCABULARY, seed=9103)
    NumbersFile("generation/generation.json").write(HOW, {
        "shape": SHAPE, "margin": MARGIN, "left_out": left_out, "greedy": greedy,
        "llama": {"folder": llama.folder, "maxTokens": SHAPE["maxTokens"], "left_out": llama_left_out, "greedy": llama_greedy},
        "sampled": [sampled(model, greedy[i]["prompt"], *FILTERS[i]) for i in range(len(FILTERS))],
        "warped": list(warped()),
    })


def greedy_tokens(model, vocabulary, seed):
    """Prompts of 1 to 49 and of 64 random tokens with what follows, and how many were left out."""
    generator = torch.Generator().manual_seed(seed)
    greedy, left_out = [], 0
    while len(greedy) < PROMPTS:
        length = 1 + len(greedy) + (14 if len(greedy) == PROMPTS - 1 else 0)
        prompt = torch.randint(vocabulary, (1, length), generator=generator)
        found, margin = continuation(model, prompt, use_cache=True)
        again, _ = continuation(model, prompt, use_cache=False)
        if found != again:
            raise AssertionError("greedy tokens differ without the cache")
        if margin < MARGIN:
            left_out += 1
            continue
        greedy.append({"prompt": prompt[0].tolist(), "ids": found})
    return greedy, left_out


@torch.no_grad()
def continuation(model, prompt, use_cache):
    """Greedy tokens, and the least lead of the likeliest."""
    out = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=NEW_TOKENS, do_sample=False,
                         use_cache=use_cache, output_logits=True, return_dict_in_generate=True, pad_token_id=0)
    top = torch.stack([logits[0].topk(2).values for logits in out.logits])
    return out.sequences[0, prompt.shape[1]:].tolist(), (top[:, 0] - top[:, 1]).min().item()


@torch.no_grad()
def sampled(model, prompt, temperature, top_k, top_p):
    ids = torch.tensor([prompt])
    out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=1, do_sample=True,
                         temperature=temperature, top_k=top_k or 0, top_p=1.0 if top_p is None else top_p,
                         output_scores=True, return_dict_in_generate=True, pad_token_id=0)
    likelihoods = out.scores[0][0].log_softmax(-1)
    kept = likelihoods.isfinite().nonzero().flatten()
    return {"prompt": prompt, **options(temperature, top_k, top_p), "kept": kept.tolist(),
            "log_probabilities": likelihoods[kept].tolist()}


def warped():
    """Scores in steps of a half: many are equal, some of them at the borders of top-k and top-p."""
    generator = torch.Generator().manual_seed(9102)
    for temperature, top_k, top_p in [*FILTERS, (1.0, 4, 0.6), (1.0, 10, 0.95), (2.0, 7, None), (0.5, None, 0.5)]:
        for size in (2, 12, 30):
            scores = torch.randint(-4, 4, (size,), generator=generator).float() / 2
            warpers = LogitsProcessorList([TemperatureLogitsWarper(temperature)])
            if top_k is not None:
                warpers.append(TopKLogitsWarper(top_k))
            if top_p is not None and top_p < 1:
                warpers.append(TopPLogitsWarper(top_p))
            kept = warpers(None, scores[None])[0].isfinite().nonzero().flatten()
            yield {"scores": scores.tolist(), **options(temperature, top_k, top_p), "kept": kept.tolist()}
    equal = torch.zeros(8)  # the cumulative probability is 0.5 exactly
    kept = TopPLogitsWarper(0.5)(None, equal[None])[0].isfinite().nonzero().flatten()
    yield {"scores": equal.tolist(), **options(1.0, None, 0.5), "kept": kept.tolist()}


def options(temperature, top_k, top_p):
    given = {"temperature": temperature, "topK": top_k, "topP": top_p}
    return {"options": {name: value for name, value in given.items() if value is not None}}
