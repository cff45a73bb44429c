"""Llama's family: logits, losses, gradients, Hessian-vector products, and MAML on one of its models."""

import forward_backward
import maml
import problems
import tiny_gpt2
import tiny_llama
from meta_gradients import HOW
from numbers_file import NumbersFile


def main():
    for number, variant in enumerate(tiny_llama.VARIANTS):
        tiny_llama.draw_checkpoint(variant, 1101 + number)
        model = tiny_llama.load(variant)
        theta = tiny_gpt2.parameters(model)
        writings = (tiny_llama.own_logits(variant), tiny_llama.transformers_logits(variant, model))
        of = "with both uses of the embedding summed" if variant.tied else "where the output head is not the embedding"
        forward_backward.write(variant.folder, of, theta, writings,
                               seed=2101 + 10 * number, vocabulary=tiny_llama.VOCABULARY, small=True)
    on_maml(variant, theta, writings)


def on_maml(variant, theta, writings):
    losses = tuple(map(tiny_gpt2.metaicl_loss, writings))
    problem = problems.language_model(theta, losses, tasks=2, seed=3101, vocabulary=tiny_llama.VOCABULARY)
    file = NumbersFile(f"{variant.folder}/maml.json")
    warm = maml.adamw_variants(1e-3)["adamw_K2_shared_eps1e-08"]
    variants = {**maml.sgd_variants(0.02, (1, 2)), "adamw_K2_shared_eps1e-08": warm}
    file.write(HOW, {
        "tasks": [{"support": tiny_gpt2.as_lists(support), "query": tiny_gpt2.as_lists(query)}
                  for support, query in problem.tasks],
        "variants": maml.section(problem, variants, file.strided, variant.name),
    })
