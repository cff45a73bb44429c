"""Prints the TFLOP/s of PyTorch's bfloat16 matrix product on a device, on random numbers."""
import argparse
import time

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
device = parser.parse_args().device
size = 8192 if device == "cuda" else 1024
a, b = (torch.randn(size, size, device=device).to(torch.bfloat16) for _ in range(2))


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


def seconds(count):
    wait()
    begun = time.perf_counter()
    for _ in range(count):
        a @ b
    wait()
    return (time.perf_counter() - begun) / count


seconds(3)
print(2 * size**3 / seconds(10) / 1e12)
