"""Makes all reference numbers, or those of some subjects: python make.py [SUBJECT ...]"""

import os
import sys
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

# In this order: gpt2 draws the checkpoint that others read.
SUBJECTS = ["gpt2", "llama", "gpt_neox", "optimizers", "meta_gradients", "averaged_steps", "maml_en_llm", "trees", "gpt2_tokenizer", "prompts",
            "generation", "chat_templates"]


def check_versions():
    for line in (Path(__file__).parent / "requirements.txt").read_text().split():
        name, wanted = line.split("==")
        found = version(name).split("+")[0]
        if found != wanted:
            sys.exit(f"{name} is {found}, but requirements.txt wants {wanted}. Run pip install -r requirements.txt.")


def main():
    chosen = sys.argv[1:] or SUBJECTS
    unknown = [name for name in chosen if name not in SUBJECTS]
    if unknown:
        sys.exit(f"Subjects are {', '.join(SUBJECTS)}; came {', '.join(unknown)}.")
    check_versions()
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in SUBJECTS:
        if name in chosen:
            begun = time.time()
            import_module(name).main()
            print(f"{name}: {time.time() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
