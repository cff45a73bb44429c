"""The kinds of work, by the names that llama_torch.py explains."""
from contextlib import nullcontext

from options import options  # first: may start the program anew

import torch
from torch.func import functional_call
from torch.nn.functional import cross_entropy
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM
from transformers.utils import logging

from adamw import AdamW
from lean import attend, attend_fused, hidden_states, lean_loss, scored_losses

torch.set_num_threads(options.threads)
logging.disable_progress_bar()
logging.set_verbosity_error()
torch.manual_seed(100)


def cast(cached=True):
    """Autocast, if bfloat16 is chosen. Casts of weights must not be kept where a graph of them is differentiated twice."""
    if options.precision == "float32":
        return nullcontext()
    return torch.autocast("cpu", dtype=torch.bfloat16, cache_enabled=cached)


def open_model(attention):
    if options.weights:
        return LlamaForCausalLM.from_pretrained(options.weights, attn_implementation=attention).eval()
    torch.manual_seed(1)
    small = dict(hidden_size=96, intermediate_size=160, num_hidden_layers=2, num_attention_heads=6)
    small |= dict(num_key_value_heads=2, vocab_size=500, tie_word_embeddings=True, max_position_embeddings=64)
    model = LlamaForCausalLM(LlamaConfig(**small, rope_theta=100_000.0, attn_implementation=attention)).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p), alpha=0.05)  # norms that are not 1, attention that is not uniform
    return model


def tokens(config, count, length):
    return torch.randint(0, config.vocab_size, (count, length))


class Work:
    """Parameters, the loss of one of the two models, and the optimizer."""

    def __init__(self, lean, twice):
        self.model = open_model("eager" if twice else "sdpa")
        self.config = self.model.config
        self.names, params = zip(*self.model.named_parameters())
        self.params = [p.detach() for p in params]
        self.attention = attend if twice else attend_fused
        self.loss = self.lean_loss if lean else self.model_loss
        self.optimizer = AdamW()
        for p in params:
            p.requires_grad_(False)

    def lean_loss(self, params, ids):
        return lean_loss(self.config, dict(zip(self.names, params)), ids, options.scored, self.attention)

    def model_loss(self, params, ids):
        last = torch.arange(ids.shape[1] - options.scored - 1, ids.shape[1] - 1)
        given = dict(input_ids=ids, use_cache=False, logits_to_keep=last)
        logits = functional_call(self.model, dict(zip(self.names, params)), args=(), kwargs=given).logits
        logits = logits.to(torch.get_default_dtype())
        return cross_entropy(logits.flatten(0, 1), ids[:, -options.scored :].flatten())

    def sequence(self):
        return tokens(self.config, 1, options.time)


class MetaIcl(Work):
    def __init__(self, way):
        super().__init__(lean=way != "tuned", twice=False)
        self.tuned = way == "tuned"
        if way == "compiled":
            self.loss = torch.compile(self.loss)
        if self.tuned:  # as a training loop of its own writes it
            self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-5, weight_decay=0.0, fused=True)

    def gradient(self, query, support=None):
        params = [p.detach().requires_grad_() for p in self.params]
        with cast():
            loss = self.loss(params, query)
        return loss.item(), torch.autograd.grad(loss, params)

    def step(self):
        if self.tuned:
            return self.tuned_step()
        _, gradients = self.gradient(self.sequence())
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
        self.optimizer.update(self.params, gradients, (norm + 1e-6).clamp(min=1.0).float().reshape(1))

    def tuned_step(self):
        params = list(self.model.parameters())
        for p in params:
            p.requires_grad_()
        with cast():
            loss = self.loss(params, self.sequence())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


class Maml(Work):
    """One task, one inner step."""

    def __init__(self, lean):
        super().__init__(lean, twice=True)

    def gradient(self, query, support, order=2):
        initial = [p.detach().requires_grad_() for p in self.params]
        with cast(cached=False):
            inner = torch.autograd.grad(self.loss(initial, support), initial, create_graph=order == 2)
        adapted = self.optimizer.step(initial, inner)
        del inner
        with cast(cached=False):
            loss = self.loss(adapted, query)
        return loss.item(), torch.autograd.grad(loss, initial)

    def step(self):
        _, gradients = self.gradient(self.sequence(), self.sequence())
        self.optimizer.update(self.params, gradients)


class Score:
    """Sixteen options after the same demonstrations, which fill the sequence but for a seventeenth."""

    def __init__(self, lean):
        self.model = open_model("sdpa")
        self.config = self.model.config
        self.params = {name: p.detach() for name, p in self.model.named_parameters()}
        self.scores = self.lean_scores if lean else self.model_scores
        self.suffix = max(options.scored + 1, options.time // 17)

    @torch.inference_mode()
    def lean_scores(self, prefix, suffixes):
        with cast():
            _, cache = hidden_states(self.config, self.params, prefix, attend_fused)
            known = [(key[0], value[0]) for key, value in cache]
            states, _ = hidden_states(self.config, self.params, suffixes, None, known)
            return scored_losses(self.config, self.params, states, suffixes, options.scored).mean(1)

    @torch.inference_mode()
    def model_scores(self, prefix, suffixes):
        B, T = suffixes.shape
        with cast():
            cache = DynamicCache(config=self.config)
            self.model.model(prefix, past_key_values=cache, use_cache=True)
            cache.batch_repeat_interleave(B)
            last = torch.arange(T - options.scored - 1, T - 1)
            given = dict(past_key_values=cache, use_cache=True, logits_to_keep=last)
            logits = self.model(suffixes, **given).logits.to(torch.get_default_dtype())
        targets = suffixes[:, -options.scored :].flatten()
        return cross_entropy(logits.flatten(0, 1), targets, reduction="none").view(B, -1).mean(1)

    def step(self):
        prefix = tokens(self.config, 1, options.time - self.suffix)
        self.scores(prefix, tokens(self.config, 16, self.suffix))


def work_named(name):
    kind, _, way = name.partition("-")
    if kind == "metaicl":
        return MetaIcl(way)
    return Maml(way == "lean") if kind == "maml2" else Score(way == "lean")


