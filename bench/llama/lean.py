"""Llama as plain functions of a dict of parameters with transformers' names, with as few operations as PyTorch has
for it. Sizes of tensors: B sequences, T tokens, H query heads, K key-value heads, G = H / K, D numbers per head."""
import torch
from torch.nn.functional import cross_entropy, embedding, linear, rms_norm, scaled_dot_product_attention, silu


def rotation(config, begin, end):
    """Cosines and sines of rotary positions, each [end - begin, D]; the same for both halves of a head."""
    half = torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim
    angles = torch.arange(begin, end, dtype=torch.float64)[:, None] * config.rope_parameters["rope_theta"] ** -half
    angles = torch.cat([angles, angles], -1)
    dtype = torch.get_default_dtype()
    return angles.cos().to(dtype), angles.sin().to(dtype)


def rotate(x, cosines, sines):
    low, high = x.chunk(2, -1)
    return x * cosines + torch.cat([-high, low], -1) * sines


def causal_mask(length):
    return torch.full((length, length), float("-inf")).triu_(1)


def attend_fused(query, key, value):
    """Has no second derivative."""
    groups = query.shape[1] // key.shape[1]
    key, value = (x.repeat_interleave(groups, 1) for x in (key, value))
    return scaled_dot_product_attention(query, key, value, is_causal=True)


def attend(query, key, value):
    """Written as products, which can be differentiated twice; heads that share a key are rows of one product."""
    B, H, T, D = query.shape
    grouped = (query * D**-0.5).reshape(B, key.shape[1], -1, D)
    scores = torch.matmul(grouped, key.transpose(2, 3)).view(B, H, T, T) + causal_mask(T)
    weights = scores.softmax(-1).view(B, key.shape[1], -1, T)
    return torch.matmul(weights, value).view(B, H, T, D)


def attend_after(known, query, key, value):
    """Attention of a batch that follows one known prefix, whose keys and values are not repeated for it."""
    B, H, T, D = query.shape
    K = key.shape[1]
    known_key, known_value = known  # [K, prefix, D]
    prefix = known_key.shape[1]
    grouped = (query * D**-0.5).reshape(B, K, -1, D)
    packed = grouped.transpose(0, 1).reshape(K, -1, D)
    before = torch.matmul(packed, known_key.transpose(1, 2)).view(K, B, H // K, T, prefix).transpose(0, 1)
    within = torch.matmul(grouped, key.transpose(2, 3)).view(B, K, H // K, T, T) + causal_mask(T)
    weights = torch.cat([before, within.to(before.dtype)], -1).softmax(-1)
    first = weights[..., :prefix].transpose(0, 1).reshape(K, -1, prefix)
    first = torch.matmul(first, known_value).view(K, B, -1, D).transpose(0, 1)
    rest = torch.matmul(weights[..., prefix:].reshape(B, K, -1, T), value)
    return (first + rest).reshape(B, H, T, D)


def hidden_states(config, params, ids, attention, known=None):
    """
    States after the last layer [B, T, width], and keys and values of each layer.

    attention  `attend` or `attend_fused`
    known      keys and values [K, prefix, D] of each layer of a prefix that all sequences share
    """
    B, T = ids.shape
    begin = known[0][0].shape[1] if known else 0
    turned = rotation(config, begin, begin + T)
    norm = lambda x, name: rms_norm(x, x.shape[-1:], params[name], config.rms_norm_eps)
    x = embedding(ids, params["model.embed_tokens.weight"])
    cache = []
    for layer in range(config.num_hidden_layers):
        of = lambda name: f"model.layers.{layer}.{name}.weight"
        project = lambda x, name: linear(x, params[of(name)])
        heads = lambda x: x.view(B, T, -1, config.head_dim).transpose(1, 2)
        h = norm(x, of("input_layernorm"))
        query, key, value = (heads(project(h, f"self_attn.{name}_proj")) for name in "qkv")
        query, key = rotate(query, *turned).to(value.dtype), rotate(key, *turned).to(value.dtype)
        cache.append((key, value))
        read = attend_after(known[layer], query, key, value) if known else attention(query, key, value)
        x = x + project(read.transpose(1, 2).reshape(B, T, -1), "self_attn.o_proj")
        h = norm(x, of("post_attention_layernorm"))
        x = x + project(silu(project(h, "mlp.gate_proj")) * project(h, "mlp.up_proj"), "mlp.down_proj")
    return x, cache


def scored_losses(config, params, states, ids, scored):
    """Losses [B, scored] of the last tokens; norm and head run at their positions only."""
    last = states[:, -scored - 1 : -1]
    last = rms_norm(last, last.shape[-1:], params["model.norm.weight"], config.rms_norm_eps)
    logits = linear(last, params["model.embed_tokens.weight"])
    dtype = torch.get_default_dtype()
    return cross_entropy(logits.to(dtype).flatten(0, 1), ids[:, -scored:].flatten(), reduction="none").view(-1, scored)


def lean_loss(config, params, ids, scored, attention):
    states, _ = hidden_states(config, params, ids, attention)
    return scored_losses(config, params, states, ids, scored).mean()
