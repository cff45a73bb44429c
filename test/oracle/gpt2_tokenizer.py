"""GPT-2's byte-pair encoding by Hugging Face's tokenizers, from the vocabulary that was published.

The two files of the vocabulary are part of no Python package. @metalearn/models-gpt2 can write them, and their hashes
say that they are the published ones, encoder.json and vocab.bpe of Radford et al. 2019.
"""

import hashlib
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tokenizers import Tokenizer, models, pre_tokenizers

from numbers_file import NumbersFile

REPOSITORY = Path(__file__).parents[2]
HASHES = {
    "vocab.json": "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
    "merges.txt": "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
}
WRITE = """
import { gpt2Tokenizer } from "./packages/models-gpt2/src/index.ts";
await gpt2Tokenizer.save(process.argv[1], 1024);
"""

TEXTS = [
    # The separators of MetaICL's prompts, alone and before text.
    "\n", "\n\n", "\n\n\n", "\npositive", " positive", "positive", "\n\n\nHello world", "\n\nabc",
    "\n\n\nnot_equivalent", "\nnot_equivalent", " not_equivalent", "N/A", "\nN/A", "\n\n\nN/A",
    # What the pattern that splits words treats in ways of its own.
    "", " ", "   ", "  leading and   inner spaces  ", "tabs\t\tand\r\nreturns\r\n\r\n", "trailing newline\n",
    "I'll we've they're isn't I'M HE'S", "1234567890 3.14159 1,000,000 2^10", "a=b;//c </html> {json: [1, 2]}",
    "snake_case camelCase kebab-case", "naïve café Ünïcödé ﬁ", "e\u0301 \u1e9b\u0323", "東京は日本の首都です。",
    "мир العالم हिन्दी ไทย 한국어", "😀👩‍👩‍👧‍👦🏳️‍🌈 ✓ №", "\u00a0no-break\u2003em\u200bzero\ufeff",
    "\u0001\u007f\u0080\u00ad\u00ff control", "a" * 60 + " !!!!!!!!????",
]


@cache
def tokenizer():
    with TemporaryDirectory() as folder:
        subprocess.run(["node", "--import", "tsx", "--conditions=@metalearn/source", "--input-type=module",
                        "--eval", WRITE, folder], cwd=REPOSITORY, check=True)
        paths = {name: Path(folder) / name for name in HASHES}
        for name, path in paths.items():
            if hashlib.sha256(path.read_bytes()).hexdigest() != HASHES[name]:
                raise AssertionError(f"{name} is not the one that was published")
        made = Tokenizer(models.BPE.from_file(*map(str, paths.values())))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return made


def encode(text):
    return tokenizer().encode(text).ids


def main():
    NumbersFile("tokenizers/gpt2.json").write(
        "Token ids of texts in GPT-2's byte-pair encoding, by Hugging Face's tokenizers.",
        {"cases": {text: encode(text) for text in TEXTS}})
