"""Distances between lists of tensors."""
import torch


def norm(tensors):
    return float(torch.stack([t.double().norm() for t in tensors]).norm())


def distance(tensors, reference):
    """Norm of the difference as a share of the reference's norm."""
    return norm([a.double() - b.double() for a, b in zip(tensors, reference)]) / norm(reference)
