"""Small GPT-NeoX models, written twice, as tiny_gpt2.py writes GPT-2.

Between them they have what the architecture can be told to do: both residuals, and rotary positions for a part of each
head or for all of it.
"""

import math
from dataclasses import dataclass

import torch
from torch.func import functional_call
from transformers import AutoModelForCausalLM, GPTNeoXConfig, GPTNeoXForCausalLM

from numbers_file import FOLDER
from tiny_llama import InDoublePrecision

WIDTH, INNER, LAYERS, VOCABULARY, POSITIONS = 24, 40, 2, 61, 64

# Its parameter in memory, and its tensor in files, where it has the older name.
HEAD, STORED_HEAD = "lm_head.weight", "embed_out.weight"


@dataclass
class Variant:
    """A model's folder, and what its config has of its own."""
    name: str
    parallel: bool
    heads: int
    rotary_share: float
    theta: float

    @property
    def folder(self):
        return f"gpt-neox-tiny/{self.name}"

    @property
    def turned(self):
        """Numbers of a head that rotary positions turn."""
        return int(WIDTH // self.heads * self.rotary_share)


VARIANTS = [Variant("parallel", True, 3, 0.5, 100.0), Variant("sequential", False, 4, 1.0, 10000.0)]


def draw_checkpoint(variant, seed):
    """Writes a random checkpoint. Biases and norms are moved from 0 and 1, so that all of them matter."""
    torch.manual_seed(seed)
    config = GPTNeoXConfig(
        vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, hidden_size=WIDTH, intermediate_size=INNER,
        num_hidden_layers=LAYERS, num_attention_heads=variant.heads, initializer_range=0.2, bos_token_id=0,
        eos_token_id=0, use_parallel_residual=variant.parallel,
        rope_parameters={"rope_type": "default", "rope_theta": variant.theta,
                         "partial_rotary_factor": variant.rotary_share})
    model = GPTNeoXForCausalLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(FOLDER / variant.folder)
    (FOLDER / variant.folder / "generation_config.json").unlink()


def load(variant):
    return AutoModelForCausalLM.from_pretrained(FOLDER / variant.folder, attn_implementation="eager").eval()


def parameters(model):
    """Tensors by their names in files, in the model's order."""
    return {STORED_HEAD if name == HEAD else name: parameter.detach().clone()
            for name, parameter in model.named_parameters()}


def frequencies(variant):
    """Radians per position of each pair of a head's turned numbers (Su et al. 2021)."""
    rates = [variant.theta ** (-2 * i / variant.turned) for i in range(variant.turned // 2)]
    return torch.tensor(rates, dtype=torch.float64)


FREQUENCIES = "gpt_neox.rotary_emb.inv_freq"


def transformers_logits(variant, model):
    """A function of parameters and a batch: next-token scores, [batch, time, vocabulary]."""
    exact = frequencies(variant)
    stored = dict(model.named_buffers())[FREQUENCIES]
    if not torch.allclose(stored.double(), exact, rtol=1e-6, atol=0):
        raise AssertionError(f"{variant.name}: frequencies {exact.tolist()}, but transformers has {stored.tolist()}")

    def logits(params, batch):
        named = {HEAD if name == STORED_HEAD else name: tensor for name, tensor in params.items()}
        given = {"input_ids": batch["ids"], "attention_mask": batch["mask"]}
        if params[STORED_HEAD].dtype is torch.float32:
            return functional_call(model, named, (), given).logits
        with InDoublePrecision():
            return functional_call(model, {**named, FREQUENCIES: exact}, (), given).logits
    return logits


def own_logits(variant):
    """The same from single operations, after Black et al. 2022 (GPT-NeoX-20B), section 2.

    Padding is on the right, where the causal mask hides it from all real tokens.
    """
    size = WIDTH // variant.heads
    half = variant.turned // 2
    rates = frequencies(variant)

    def logits(params, batch):
        def norm(x, name):
            centred = x - x.mean(-1, keepdim=True)
            spread = (centred * centred).mean(-1, keepdim=True)
            return centred / (spread + 1e-5).sqrt() * params[name + ".weight"] + params[name + ".bias"]

        def linear(x, name):
            return x @ params[name + ".weight"].T + params[name + ".bias"]

        ids = batch["ids"]
        time = ids.shape[1]
        hidden = torch.ones(time, time, dtype=torch.bool).triu(1)
        angles = (torch.arange(time, dtype=torch.float64)[:, None] * rates).to(params[STORED_HEAD].dtype)

        def rotate(x):
            re, im, rest = x[..., :half], x[..., half:2 * half], x[..., 2 * half:]
            return torch.cat((re * angles.cos() - im * angles.sin(), im * angles.cos() + re * angles.sin(), rest), -1)

        def attention(x, name):
            fused = linear(x, name + ".query_key_value")
            mixed = []
            for head in range(variant.heads):  # the query, the key and the value of each head lie side by side
                begin = 3 * size * head
                query, key, value = (fused[..., begin + part * size:begin + (part + 1) * size] for part in range(3))
                scores = rotate(query) @ rotate(key).transpose(1, 2) / math.sqrt(size)
                mixed.append(scores.masked_fill(hidden, -math.inf).softmax(-1) @ value)
            return linear(torch.cat(mixed, -1), name + ".dense")

        def mlp(x, name):
            wide = linear(x, name + ".dense_h_to_4h")
            return linear(wide * (1 + torch.erf(wide / math.sqrt(2))) / 2, name + ".dense_4h_to_h")

        x = params["gpt_neox.embed_in.weight"][ids]
        for layer in range(LAYERS):
            name = f"gpt_neox.layers.{layer}"
            attended = x + attention(norm(x, name + ".input_layernorm"), name + ".attention")
            read = x if variant.parallel else attended
            x = attended + mlp(norm(read, name + ".post_attention_layernorm"), name + ".mlp")
        return norm(x, "gpt_neox.final_layer_norm") @ params[STORED_HEAD].T
    return logits
