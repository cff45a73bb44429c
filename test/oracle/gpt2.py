"""GPT-2: logits, losses, gradients and a Hessian-vector product."""

import forward_backward
import tiny_gpt2


def main():
    tiny_gpt2.draw_checkpoint()
    model = tiny_gpt2.load()
    forward_backward.write(
        "gpt2-tiny",
        "with both uses of wte summed; that of the key bias c_attn.bias[d:2d] is 0 but for round-off",
        tiny_gpt2.parameters(model), (tiny_gpt2.own_logits, tiny_gpt2.transformers_logits(model)),
        seed=2001, vocabulary=tiny_gpt2.VOCABULARY)
