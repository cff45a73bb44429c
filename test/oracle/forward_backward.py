"""Logits, losses, gradients and a Hessian-vector product of a language model, for three batches.

Proves the model's forward pass, MetaICL's loss, first derivatives of every parameter, and second derivatives.
"""

import torch

import tiny_gpt2
from numbers_file import NumbersFile
from tolerance import block, require_close, scalar_block

HOW = """MetaICL's loss on the checkpoint of this folder: per_token_nll_unmasked[b, t] = -log softmax(logits[b, t])[ids[b, t + 1]];
loss is the mean over sequences of its mean over their tokens with token_type_ids 1. token_type_ids are no
input of the network. grad = d loss / d parameter, {of}. hvp = Hessian of the loss times the vector that hvp_vector gives, where i is the
row-major index within a tensor and j its place in param_order."""

CASES = {
    "plain": [(10, 3), (10, 5)],
    "right_padded": [(10, 2), (6, 4)],
    "loss_everywhere": [(10, 10)],
}


def compute(logits_of, theta, batch, vector):
    """All that is compared, for parameters of any precision."""
    params = {name: tensor.clone().requires_grad_() for name, tensor in theta.items()}
    logits = logits_of(params, batch)
    loss = tiny_gpt2.example_losses(logits, batch).mean()
    gradient = torch.autograd.grad(loss, list(params.values()), create_graph=True)
    slope = sum((g * vector[name]).sum() for name, g in zip(params, gradient, strict=True))
    hvp = torch.autograd.grad(slope, list(params.values()))
    return {
        "logits": {"logits": logits.detach()},
        "nll": {"nll": tiny_gpt2.token_losses(logits, batch["ids"]).detach()},
        "loss": loss.detach(),
        "grad": dict(zip(params, (g.detach() for g in gradient), strict=True)),
        "hvp": dict(zip(params, hvp, strict=True)),
    }


def visible(tensor, batch, ahead=0):
    """What belongs to real tokens: positions whose token, or the next one, is no padding."""
    return tensor[batch["mask"][:, ahead:] == 1]


def write(folder, of, theta, writings, *, seed, vocabulary, small=False):
    """Writes the numbers of a model, whose `writings` are functions of parameters and a batch.

    The first of them is the reference; `of` says in words what gradients are summed, `small` keeps strided ones alone.
    """
    own, library = writings
    vector = tiny_gpt2.by_formula(theta, lambda i, j: 1.4 * torch.cos(0.9 * i + 1.3 * j + 0.2))
    file = NumbersFile(f"{folder}/forward_backward_hvp.json")
    cases = {}
    for number, (name, rows) in enumerate(CASES.items(), seed):
        batch = tiny_gpt2.draw_batch(torch.Generator().manual_seed(number), rows, vocabulary=vocabulary)

        def run(logits_of, dtype):
            cast = {key: tensor.to(dtype) for key, tensor in theta.items()}
            found = compute(logits_of, cast, batch, {key: tensor.to(dtype) for key, tensor in vector.items()})
            found["logits"] = {"logits": visible(found["logits"]["logits"], batch)}
            found["nll"] = {"nll": visible(found["nll"]["nll"], batch, 1)}
            return found

        exact = run(own, torch.float64)
        again = run(library, torch.float64)
        single = [run(logits_of, torch.float32) for logits_of in writings]
        for key in ("logits", "nll", "grad", "hvp"):
            require_close(again[key], exact[key], 1e-12, f"{folder} {name} {key}")
        check_differences(own, theta, batch, vector, exact, folder)

        doubles = {key: tensor.double() for key, tensor in theta.items()}
        logits = own(doubles, batch)
        cases[name] = {
            "inputs": {"input_ids": batch["ids"].tolist(), "attention_mask": batch["mask"].tolist(),
                       "token_type_ids": batch["tt"].tolist()},
            "expected": {
                "logits": file.tensor(f"{name}/logits", logits),
                "per_token_nll_unmasked": {"data": tiny_gpt2.token_losses(logits, batch["ids"]).flatten().tolist()},
                "loss": exact["loss"].item(),
                "grad": (file.full if name == "plain" and not small else file.strided)(f"{name}/grad", exact["grad"]),
                "hvp": file.strided(f"{name}/hvp", exact["hvp"]),
            },
            "tolerance": {
                **{key: block(exact[key], [found[key] for found in single]) for key in ("logits", "nll", "grad", "hvp")},
                "loss": scalar_block([exact["loss"]], [[found["loss"]] for found in single]),
            },
        }
    file.write(HOW.format(of=of),
               {"param_order": list(theta), "hvp_vector": {"formula": "1.4 cos(0.9 i + 1.3 j + 0.2)"}, "cases": cases})


def check_differences(logits_of, theta, batch, vector, exact, what):
    """The Hessian-vector product against central differences of the gradient."""
    h = 1e-6
    ends = []
    for sign in (1, -1):
        moved = {name: (t.double() + sign * h * vector[name].double()).requires_grad_() for name, t in theta.items()}
        loss = tiny_gpt2.metaicl_loss(logits_of)(moved, batch)
        ends.append(dict(zip(moved, torch.autograd.grad(loss, list(moved.values())), strict=True)))
    hvp = {name: (ends[0][name] - ends[1][name]) / (2 * h) for name in theta}
    require_close(hvp, exact["hvp"], 1e-6, f"{what} hvp by differences")
