"""Flags of llama_torch.py. Reading them may start the program anew, with a library preloaded."""
import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

algorithms = (
    ["metaicl-tuned", "metaicl-lean", "metaicl-compiled"] + ["maml2", "maml2-lean"] + ["score-prefix", "score-lean"]
)
parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--algorithm", choices=algorithms)
parser.add_argument("--weights", help="a checkpoint folder")
parser.add_argument("--time", type=int, default=256, help="tokens per sequence")
parser.add_argument("--scored", type=int, default=8, help="tokens at the end of a sequence that have a loss")
parser.add_argument("--steps", type=int, default=3)
parser.add_argument("--warmup", type=int, default=1)
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32", help="bfloat16 by autocast")
parser.add_argument("--check", help="the file that checkInputs.ts writes: computes its loss and gradient or scores once")
parser.add_argument("--against", help="a folder with gradients, to compare with those of --check")
parser.add_argument("--selfcheck", action="store_true")
parser.add_argument("--no-mkl-shim", action="store_true")
options = parser.parse_args()


def preload_mkl_shim():
    """Starts this program anew with a library that tells MKL that this is Intel's processor."""
    shim = Path(tempfile.gettempdir()) / f"metalearn-mkl-shim-{os.getuid()}.so"
    cpu = Path("/proc/cpuinfo")
    if options.no_mkl_shim or not cpu.exists() or "AuthenticAMD" not in cpu.read_text():
        return
    if str(shim) in os.environ.get("LD_PRELOAD", ""):
        return
    if not shim.exists():
        source = b"int mkl_serv_intel_cpu_true(void) { return 1; }"
        new = shim.with_suffix(f".{os.getpid()}")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-x", "c", "-", "-o", new], input=source, check=True)
        new.rename(shim)
    os.environ["LD_PRELOAD"] = f"{shim}:{os.environ.get('LD_PRELOAD', '')}".rstrip(":")
    os.execv(sys.executable, [sys.executable, *sys.argv])


preload_mkl_shim()
