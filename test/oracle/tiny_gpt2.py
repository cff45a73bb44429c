"""The small GPT-2 of most reference numbers, written twice.

`transformers_logits` is GPT2LMHeadModel, which defines what is right. `own_logits` is the same function from single
operations of torch, after Radford et al. 2019. References are taken from the second one and have to agree with the
first; tolerances are measured on both in float32.
"""

import math

import torch
from torch.func import functional_call
from transformers import GPT2Config, GPT2LMHeadModel

from numbers_file import FOLDER

CHECKPOINT = FOLDER / "gpt2-tiny"
WIDTH, HEADS, LAYERS, VOCABULARY, POSITIONS = 24, 3, 2, 257, 64


def draw_checkpoint(seed=1001):
    """Writes a random checkpoint. Biases and layer norms are moved from 0 and 1, so that all of them matter."""
    torch.manual_seed(seed)
    config = GPT2Config(n_layer=LAYERS, n_embd=WIDTH, n_head=HEADS, vocab_size=VOCABULARY, n_positions=POSITIONS,
                        initializer_range=0.2, embd_pdrop=0.0, attn_pdrop=0.0, resid_pdrop=0.0,
                        bos_token_id=VOCABULARY - 1, eos_token_id=VOCABULARY - 1)
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(CHECKPOINT)
    (CHECKPOINT / "generation_config.json").unlink()


def load():
    return GPT2LMHeadModel.from_pretrained(CHECKPOINT, attn_implementation="eager").eval()


def parameters(model):
    """Tensors by name in the model's order; the output head is tied to `transformer.wte.weight`."""
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def transformers_logits(model):
    """A function of parameters and a batch: next-token scores, [batch, time, vocabulary]."""
    def logits(params, batch):
        given = {"input_ids": batch["ids"], "attention_mask": batch["mask"]}
        return functional_call(model, params, (), given).logits
    return logits


def own_logits(params, batch, head=None):
    """The same from single operations. Padding is on the right, where the causal mask hides it from all real tokens.

    `head` is the output matrix where it is not the embedding.
    """
    def norm(x, name):
        centred = x - x.mean(-1, keepdim=True)
        spread = (centred * centred).mean(-1, keepdim=True)
        return centred / (spread + 1e-5).sqrt() * params[name + ".weight"] + params[name + ".bias"]

    def linear(x, name):
        return x @ params[name + ".weight"] + params[name + ".bias"]

    ids = batch["ids"]
    rows, time = ids.shape
    hidden = torch.ones(time, time, dtype=torch.bool).triu(1)

    def attention(x, name):
        query, key, value = (part.view(rows, time, HEADS, WIDTH // HEADS).transpose(1, 2)
                             for part in linear(x, name + ".c_attn").split(WIDTH, -1))
        scores = torch.einsum("bhqd,bhkd->bhqk", query, key) / math.sqrt(WIDTH // HEADS)
        weights = scores.masked_fill(hidden, -math.inf).softmax(-1)
        mixed = torch.einsum("bhqk,bhkd->bhqd", weights, value)
        return linear(mixed.transpose(1, 2).reshape(rows, time, WIDTH), name + ".c_proj")

    def mlp(x, name):
        wide = linear(x, name + ".c_fc")
        active = 0.5 * wide * (1 + torch.tanh(math.sqrt(2 / math.pi) * (wide + 0.044715 * wide ** 3)))
        return linear(active, name + ".c_proj")

    embedding = params["transformer.wte.weight"]
    x = embedding[ids] + params["transformer.wpe.weight"][:time]
    for layer in range(LAYERS):
        name = f"transformer.h.{layer}"
        x = x + attention(norm(x, name + ".ln_1"), name + ".attn")
        x = x + mlp(norm(x, name + ".ln_2"), name + ".mlp")
    return norm(x, "transformer.ln_f") @ (embedding if head is None else head).T


def token_losses(logits, ids):
    """Negative log-likelihood of each next token, [batch, time - 1]; the first token is never predicted."""
    likelihood = logits[:, :-1].log_softmax(-1)
    return -likelihood.gather(-1, ids[:, 1:, None]).squeeze(-1)


def example_losses(logits, batch):
    """MetaICL's loss of each sequence: the mean over its own scored tokens."""
    scored = batch["tt"][:, 1:].to(logits.dtype)
    return (token_losses(logits, batch["ids"]) * scored).sum(1) / scored.sum(1)


def metaicl_loss(logits_of):
    """The loss of a batch: the mean over sequences of their means, not the mean over all tokens."""
    return lambda params, batch: example_losses(logits_of(params, batch), batch).mean()


def draw_batch(generator, rows, time=10, vocabulary=VOCABULARY):
    """Random tokens. `rows` gives (length, scored tail) of each; the rest is padding with token 0."""
    batch = {key: torch.zeros(len(rows), time, dtype=torch.long) for key in ("ids", "mask", "tt")}
    for row, (length, scored) in enumerate(rows):
        batch["ids"][row, :length] = torch.randint(1, vocabulary, (length,), generator=generator)
        batch["mask"][row, :length] = 1
        batch["tt"][row, length - scored:length] = 1
    return batch


def as_lists(batch):
    return {key: tensor.tolist() for key, tensor in batch.items()}


def by_formula(params, formula):
    """Tensors shaped like parameters: element i of the j-th one is formula(i, j), rounded to float32."""
    return {name: formula(torch.arange(p.numel(), dtype=torch.float64), j).to(torch.float32).view(p.shape)
            for j, (name, p) in enumerate(params.items())}
