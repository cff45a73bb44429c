"""GPT-NeoX: logits, losses, gradients and Hessian-vector products, with both residuals."""

import forward_backward
import tiny_gpt_neox


def main():
    for number, variant in enumerate(tiny_gpt_neox.VARIANTS):
        tiny_gpt_neox.draw_checkpoint(variant, 1201 + number)
        model = tiny_gpt_neox.load(variant)
        writings = (tiny_gpt_neox.own_logits(variant), tiny_gpt_neox.transformers_logits(variant, model))
        forward_backward.write(variant.folder, "where the output head is not the embedding",
                               tiny_gpt_neox.parameters(model), writings,
                               seed=2201 + 10 * number, vocabulary=tiny_gpt_neox.VOCABULARY, small=True)
