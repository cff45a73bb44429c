"""Small models of Llama's family, written twice, as tiny_gpt2.py writes GPT-2.

Between them they have what the family's architectures differ in: biases, norms of queries and keys, heads that share
keys and values, a width of heads of their own, scaled rotary positions, an output head that is tied or not.
"""

import math
from dataclasses import dataclass

import torch
from torch.func import functional_call
from torch.overrides import TorchFunctionMode
from transformers import AutoConfig, AutoModelForCausalLM

from numbers_file import FOLDER

WIDTH, LAYERS, VOCABULARY, POSITIONS = 24, 2, 61, 64

LLAMA3 = {"rope_type": "llama3", "rope_theta": 100.0, "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}


@dataclass
class Variant:
    """A model's folder, its architecture in transformers, and what its config has of its own."""
    name: str
    family: str
    heads: int
    head_width: int
    settings: dict

    @property
    def folder(self):
        return f"llama-tiny/{self.name}"

    @property
    def tied(self):
        return self.settings["tie_word_embeddings"]


VARIANTS = [
    # Of its frequencies one is kept, one lies between, and two are divided by the whole factor.
    Variant("llama3-biases", "llama", 4, 8, {
        "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 28, "rms_norm_eps": 1e-5, "tie_word_embeddings": False,
        "attention_bias": True, "mlp_bias": True, "rope_parameters": LLAMA3}),
    Variant("qwen2-linear", "qwen2", 6, 4, {
        "num_key_value_heads": 2, "intermediate_size": 40, "rms_norm_eps": 1e-6, "tie_word_embeddings": True,
        "rope_parameters": {"rope_type": "linear", "factor": 2.5, "rope_theta": 1000.0}}),
    Variant("qwen3", "qwen3", 3, 10, {
        "num_key_value_heads": 1, "head_dim": 10, "intermediate_size": 36, "rms_norm_eps": 1e-6, "tie_word_embeddings": True,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}}),
]


def draw_checkpoint(variant, seed):
    """Writes a random checkpoint. Biases and norms are moved from 0 and 1, so that all of them matter."""
    torch.manual_seed(seed)
    config = AutoConfig.for_model(
        variant.family, vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, hidden_size=WIDTH,
        num_hidden_layers=LAYERS, num_attention_heads=variant.heads, initializer_range=0.2,
        bos_token_id=0, eos_token_id=VOCABULARY - 1, **variant.settings)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(FOLDER / variant.folder)
    (FOLDER / variant.folder / "generation_config.json").unlink()


def load(variant, **settings):
    return AutoModelForCausalLM.from_pretrained(FOLDER / variant.folder, attn_implementation="eager", **settings).eval()


class InDoublePrecision(TorchFunctionMode):
    """Leaves out the casts to float32 that transformers makes in norms, softmax and rotary positions."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is torch.Tensor.float:
            return args[0].double()
        if func is torch.Tensor.to and args[0].dtype is torch.float64 and torch.float32 in (*args, kwargs.get("dtype")):
            return args[0]
        if func is torch.nn.functional.softmax:
            kwargs.pop("dtype", None)
        return func(*args, **kwargs)


FREQUENCIES = "model.rotary_emb.inv_freq"


def transformers_logits(variant, model):
    """A function of parameters and a batch: next-token scores, [batch, time, vocabulary]."""
    exact = frequencies(variant)
    stored = dict(model.named_buffers())[FREQUENCIES]
    if not torch.allclose(stored.double(), exact, rtol=1e-6, atol=0):
        raise AssertionError(f"{variant.name}: frequencies {exact.tolist()}, but transformers has {stored.tolist()}")

    def logits(params, batch):
        given = {"input_ids": batch["ids"], "attention_mask": batch["mask"]}
        if next(iter(params.values())).dtype is torch.float32:
            return functional_call(model, params, (), given).logits
        with InDoublePrecision():
            return functional_call(model, {**params, FREQUENCIES: exact}, (), given).logits
    return logits


def frequencies(variant):
    """Radians per position of each pair of a head's numbers (Su et al. 2021), after scaling."""
    rope = variant.settings["rope_parameters"]
    plain = [rope["rope_theta"] ** (-2 * i / variant.head_width) for i in range(variant.head_width // 2)]
    if rope["rope_type"] == "linear":
        return torch.tensor([each / rope["factor"] for each in plain], dtype=torch.float64)
    if rope["rope_type"] == "default":
        return torch.tensor(plain, dtype=torch.float64)
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    turns = [rope["original_max_position_embeddings"] * each / (2 * math.pi) for each in plain]
    shares = [min(1, max(0, (turn - low) / (high - low))) for turn in turns]
    return torch.tensor([share * each + (1 - share) * each / rope["factor"] for share, each in zip(shares, plain)],
                        dtype=torch.float64)


def own_logits(variant):
    """The same from single operations. Padding is on the right, where the causal mask hides it from all real tokens."""
    heads, size, eps = variant.heads, variant.head_width, variant.settings["rms_norm_eps"]
    groups = heads // variant.settings["num_key_value_heads"]
    rates = frequencies(variant)

    def logits(params, batch):
        def norm(x, name):
            return x / ((x * x).mean(-1, keepdim=True) + eps).sqrt() * params[name + ".weight"]

        def linear(x, name):
            y = x @ params[name + ".weight"].T
            return y + params[name + ".bias"] if name + ".bias" in params else y

        ids = batch["ids"]
        rows, time = ids.shape
        hidden = torch.ones(time, time, dtype=torch.bool).triu(1)
        angles = (torch.arange(time, dtype=torch.float64)[:, None] * rates).to(params["model.norm.weight"].dtype)

        def rotate(x):
            # The two halves of a head are the real and the imaginary parts of complex numbers.
            re, im = x[..., :size // 2], x[..., size // 2:]
            return torch.cat((re * angles.cos() - im * angles.sin(), im * angles.cos() + re * angles.sin()), -1)

        def attention(x, name):
            def projected(part):
                y = linear(x, f"{name}.{part}_proj").view(rows, time, -1, size)
                if variant.family == "qwen3" and part != "v":
                    y = norm(y, f"{name}.{part}_norm")
                return y.transpose(1, 2)
            query, key, value = rotate(projected("q")), rotate(projected("k")), projected("v")
            mixed = []
            for head in range(heads):
                scores = query[:, head] @ key[:, head // groups].transpose(1, 2) / math.sqrt(size)
                mixed.append(scores.masked_fill(hidden, -math.inf).softmax(-1) @ value[:, head // groups])
            return linear(torch.cat(mixed, -1), name + ".o_proj")

        def mlp(x, name):
            gate = linear(x, name + ".gate_proj")
            return linear(gate / (1 + torch.exp(-gate)) * linear(x, name + ".up_proj"), name + ".down_proj")

        embedding = params["model.embed_tokens.weight"]
        x = embedding[ids]
        for layer in range(LAYERS):
            name = f"model.layers.{layer}"
            x = x + attention(norm(x, name + ".input_layernorm"), name + ".self_attn")
            x = x + mlp(norm(x, name + ".post_attention_layernorm"), name + ".mlp")
        return norm(x, "model.norm") @ (embedding if variant.tied else params["lm_head.weight"]).T
    return logits
