"""Says how far float32 implementations are from the reference in float64, and how far others may be.

For the difference between tensor sets a (float32) and b (reference):

  rel_max            max |a - b| / max |b| over all tensors
  rel_l2             |a - b| / |b| over all tensors together
  per_tensor_rel_l2  the same for the worst single tensor; those with less than 1e-5 of the whole norm are left out

Measured is the worst of two implementations in float32, over all elements and over those that are stored.
Recommended is ten times that, rounded up to one digit, and at least 2e-6. It is None where float32 is more than
WELL_CONDITIONED away: such numbers can be compared in direction only.
"""

import math

from numbers_file import strided

FLOOR = 2e-6
WELL_CONDITIONED = 2e-3


def errors(actual, reference):
    pairs = [(actual[name].detach().double().flatten(), b.detach().double().flatten()) for name, b in reference.items()]
    whole = math.sqrt(sum(float(b.square().sum()) for _, b in pairs))
    different = math.sqrt(sum(float((a - b).square().sum()) for a, b in pairs))
    single = [float((a - b).norm() / b.norm()) for a, b in pairs if b.norm() >= 1e-5 * whole and b.norm() > 0]
    return {
        "rel_max": max(float((a - b).abs().max()) for a, b in pairs) / max(float(b.abs().max()) for _, b in pairs),
        "rel_l2": different / whole,
        "per_tensor_rel_l2": max(single),
    }


def block(reference, in_float32):
    """A tolerance for a set of tensors."""
    measured = {}
    for actual in in_float32:
        some = errors({name: strided(tensor) for name, tensor in actual.items()},
                      {name: strided(tensor) for name, tensor in reference.items()})
        for key, value in [*errors(actual, reference).items(), *some.items()]:
            measured[key] = max(measured.get(key, 0), value)
    fits = max(measured["rel_max"], measured["rel_l2"]) <= WELL_CONDITIONED
    return {
        "measured_float32": {key: float(f"{value:.3g}") for key, value in measured.items()},
        "recommended_float32": {key: recommended(value) for key, value in measured.items()} if fits else None,
    }


def scalar_block(reference, in_float32):
    """A tolerance for numbers, relative to each."""
    measured = max(abs(float(a) / float(b) - 1) for actual in in_float32 for a, b in zip(actual, reference, strict=True))
    return {"measured_rel": float(f"{measured:.3g}"), "recommended_rel": recommended(measured)}


def recommended(measured):
    if 10 * measured <= FLOOR:
        return FLOOR
    unit = 10 ** math.floor(math.log10(10 * measured))
    return float(f"{math.ceil(10 * measured / unit) * unit:.1g}")


def require_close(actual, reference, limit, what):
    """Two writings of the reference have to agree, both in float64."""
    found = errors(actual, reference)["rel_l2"]
    if not found <= limit:
        raise AssertionError(f"{what}: two references in float64 differ by {found:.2g}, more than {limit:.2g}")


def without_key_bias(tensors):
    """Leaves out the bias of GPT-2's keys: its true gradient is 0, and Adam's step there is noise."""
    kept = dict(tensors)
    for name, tensor in tensors.items():
        if name.endswith("attn.c_attn.bias"):
            query, _, value = tensor.chunk(3)
            kept[name + " (query)"], kept[name + " (value)"] = query, value
            del kept[name]
    return kept


def minus(a, b):
    return {name: a[name] - b[name] for name in a}
