"""Puts the sections of maml.py, meta_sgd.py and reptile.py together, on GPT-2 and on two networks on sine curves."""

import maml
import meta_sgd
import problems
import reptile
from numbers_file import NumbersFile, inline
from tiny_gpt2 import as_lists

HOW = """Every task has a support and a query batch; meta-gradients are means over tasks of the gradient of the query loss
after K inner steps on the support batch. second_order is with respect to the parameters before the inner steps, through
all of them; first_order is with respect to the adapted parameters. 'zero' AdamW starts from m = v = 0, 'shared' from the
moments of shared_state, which are constants; d sqrt(v) / dv is 0 where v is 0. anil_untied_head adapts a copy of the
embedding that serves as head; the gradients of both uses are added. meta_sgd: theta' = theta - rate * gradient."""


def on_gpt2():
    problem = problems.gpt2()
    file = NumbersFile("maml/gpt2_tiny.json")
    last = [name for name in problem.theta if name.startswith(("transformer.h.1.", "transformer.ln_f."))]
    variants = {
        **maml.sgd_variants(0.02, (1, 2)),
        **maml.adamw_variants(1e-3),
        **maml.anil_variants(0.02, "anil_last_block_K2", last),
    }
    file.write(HOW, {
        "tasks": [{"support": as_lists(support), "query": as_lists(query)} for support, query in problem.tasks],
        "variants": {**maml.section(problem, variants, file.strided, "gpt2"),
                     **maml.untied_head(problem, 0.02, file.strided)},
        "meta_sgd": meta_sgd.section(problem, 0.02, (2,), file.strided, lambda _: {"alpha": 0.02}),
        "reptile": reptile.section(problem, 0.02, 3, 0.5, file.strided),
    })


def on_sinusoid(activation):
    problem = problems.sinusoid(activation)

    def keep(_, tensors):
        return inline(tensors)

    m, v, t = problem.moments
    variants = {
        **maml.sgd_variants(0.01, (1, 2, 5)),
        **maml.adamw_variants(1e-2, lr=0.01, weight_decay=0.5),
        **maml.anil_variants(0.01, "anil_K2", ["W2", "b2"]),
    }
    NumbersFile(f"maml/sinusoid_mlp_{activation}.json").write(HOW, {
        "problem": {
            "params": inline(problem.theta),
            "tasks": [{"support": inline(support), "query": inline(query)} for support, query in problem.tasks],
        },
        "shared_state": {"m": inline(m), "v": inline(v), "t": t},
        "variants": maml.section(problem, variants, keep, activation),
        "meta_sgd": meta_sgd.section(problem, 0.01, (1, 2), keep, inline),
        "reptile": reptile.section(problem, 0.01, 5, 0.5, keep),
    })


def main():
    on_gpt2()
    for activation in ("relu", "tanh"):
        on_sinusoid(activation)
