"""MetaICL's prompts (Min et al. 2022, appendix B, and what their published code does beyond it), on generated rows.

Proves separators, the order of input and answer, truncation of examples and of sequences, and what is scored.
"""

import itertools
import random

import gpt2_tokenizer
from numbers_file import NumbersFile

HOW = """Sequences that tasks of these rows become. Byte tokens are written as text, one letter of Latin-1 for each
byte, others as ids. read is what comes before the scored tokens. questions has a sequence for each option of each test
row, after the first `shots` training rows in their order; neutral the same with N/A as input. training has, for each
training row, the sequences for all orders of the demonstrations that may be drawn, which are the other rows."""

FORMATS = {
    "direct": {"method": "direct", "style": "newline", "separatorCompat": "metaicl-code"},
    "channel": {"method": "channel", "style": "newline", "separatorCompat": "metaicl-code"},
    "direct, spaces": {"method": "direct", "style": "space", "separatorCompat": "metaicl-code"},
    "channel, spaces": {"method": "channel", "style": "space", "separatorCompat": "metaicl-code"},
    "direct, as in the paper": {"method": "direct", "style": "newline", "separatorCompat": "paper"},
    "channel, as in the paper": {"method": "channel", "style": "newline", "separatorCompat": "paper"},
}
ENCODERS = {"byte": lambda text: list(text.encode()), "gpt2": gpt2_tokenizer.encode}
LIMITS = {"byte": {"maxExampleTokens": 48, "maxTokens": 100}, "gpt2": {"maxExampleTokens": 24, "maxTokens": 50}}

# format, tokenizer, shots
CASES = [
    *[(name, "byte", 2) for name in FORMATS],
    ("direct", "byte", 0), ("channel", "byte", 0), ("direct", "byte", 1), ("channel, spaces", "byte", 0),
    ("direct", "gpt2", 2), ("channel", "gpt2", 2), ("direct, spaces", "gpt2", 2), ("direct", "gpt2", 0),
]


def generate_tasks(seed=10001):
    """Rows of nonsense words, some too long, some with letters of several bytes, and the kinds of tasks that there are."""
    chance = random.Random(seed)

    def words(count):
        parts = ["ba", "ko", "né", "ster", "u", "lim", "ó", "dra", "xi", "ption"]
        return " ".join("".join(chance.choices(parts, k=chance.randint(1, 3))) for _ in range(count))

    def rows(count, options_of, inputs, outputs=None):
        made = []
        for i in range(count):
            options = options_of(i)
            output = chance.choice(options) if options else words(outputs[i % len(outputs)])
            made.append({"input": words(inputs[i % len(inputs)]), "output": output, "options": options})
        return made

    def task(kind, options_of, inputs, **more):
        options = options_of(0) if kind == "classification" else None
        made = {"type": kind, "options": options, "train": rows(3, options_of, inputs, **more)}
        return made if kind == "free-form" else {**made, "test": rows(3, options_of, inputs[::-1])}

    labels, others = ["dry", "rather wet", "storm"], [words(1 + i % 2) for i in range(6)]
    return {
        "weather": task("classification", lambda _: labels, [3, 12, 1]),
        "silent": task("classification", lambda _: ["yes", "no"], [0, 2]),
        "choice": task("multi-choice", lambda i: others[i:i + 2 + i % 2], [2, 9, 4]),
        "free": task("free-form", lambda _: [], [3, 10, 2], outputs=[1, 2]),
        # Tasks with instructions are shortened in two other ways.
        "inst:tell": task("free-form", lambda _: [], [1, 2, 12], outputs=[12, 14, 1]),
        "inst:piqa_tell": task("free-form", lambda _: [], [9, 2, 12], outputs=[9, 1, 2]),
    }


def parts(row, answer, first, method, style, separators):
    """Input and answer with what separates them from the text before."""
    x = row["input"]
    no_input = x == ""
    if style == "space":
        gap = "" if first else " "
        return (gap + x, " " + answer) if method == "direct" else (" " + x, gap + answer)
    # An empty list has no option that is not empty: the published code takes free-form answers for no label.
    no_label = separators == "metaicl-code" and all(option == "" for option in row["options"])
    between = "" if no_label else "\n"
    if method == "direct":
        gap = "" if first else "\n\n" if no_input else "\n\n\n"
        return gap + x, between + answer
    return ("" if no_input else between + x), ("" if first else "\n\n\n") + answer


class Writer:
    """Writes the sequences of one case."""

    def __init__(self, form, tokenizer, shots):
        self.form = form
        self.encode = ENCODERS[tokenizer]
        self.example = LIMITS[tokenizer]["maxExampleTokens"]
        self.longest = LIMITS[tokenizer]["maxTokens"]
        self.shots = shots
        self.cut = {"inputs": 0, "answers": 0, "sequences": 0}

    def parts(self, row, answer, first):
        made = parts(row, answer, first, self.form["method"], self.form["style"], self.form["separatorCompat"])
        return [self.encode(text) for text in made]

    def ordered(self, x, y):
        return (x, y) if self.form["method"] == "direct" else (y, x)

    def shown(self, task, row, first):
        """A demonstration or a training example. Two of the tokens for one stay free."""
        x, y = self.parts(row, row["output"], first)
        budget = self.example - 2
        if len(x) + len(y) > budget:
            if task.startswith(("inst:piqa", "inst:yahoo_answers_topics")):
                x, y = x[:self.example // 2], y[:self.example // 2 - 2]
                self.cut["answers"] += 1
            elif task.startswith("inst:") and len(x) < len(y):
                y = y[:budget - len(x)]
                self.cut["answers"] += 1
            else:
                x = x[:budget - len(y)]
                self.cut["inputs"] += 1
        return self.ordered(x, y)

    def asked(self, row, first):
        """A question with each of its options, of which the longest decides how much input is kept."""
        made = [self.parts(row, option, first) for option in row["options"]]
        room = self.example - 2 - max(len(y) for _, y in made)
        self.cut["inputs"] += any(len(x) > room for x, _ in made)
        return [self.ordered(x[:room], y) for x, y in made]

    def sequence(self, demonstrations, query, longest):
        """What is too long loses its beginning."""
        before, scored = query
        prefix = [token for pair in demonstrations for part in pair for token in part] + before
        kept = prefix[max(0, len(prefix) + len(scored) - longest):]
        self.cut["sequences"] += len(kept) < len(prefix)
        return kept, scored

    def questions(self, task, rows, neutral=False):
        train, test = rows["train"][:self.shots], rows["test"]
        shown = [self.shown(task, row, first=i == 0) for i, row in enumerate(train)]
        longest = min(self.example * max(1, self.shots), self.longest)
        return [[self.sequence(shown, query, longest)
                 for query in self.asked({**row, "input": "N/A"} if neutral else row, first=self.shots == 0)]
                for row in test]

    def training(self, task, rows):
        longest = self.longest if self.shots else self.example
        return [[self.sequence([self.shown(task, other, first=i == 0) for i, other in enumerate(drawn)],
                               self.shown(task, row, first=self.shots == 0), longest)
                 for drawn in itertools.permutations([other for other in rows["train"] if other is not row], self.shots)]
                for row in rows["train"]]


def stored(tokenizer, sequences):
    """A sequence for each pair of read and scored tokens, in lists of lists."""
    if isinstance(sequences, list):
        return [stored(tokenizer, one) for one in sequences]
    read, scored = sequences
    if tokenizer == "byte":
        read, scored = (bytes(part).decode("latin-1") for part in (read, scored))
    return {"read": read, "scored": scored}


def main():
    tasks = generate_tasks()
    cases, cut = {}, {}
    for name, tokenizer, shots in CASES:
        form = FORMATS[name]
        writer = Writer(form, tokenizer, shots)
        # The channel method has nothing to score where there is no input.
        own = {task: rows for task, rows in tasks.items() if task != "silent" or form["method"] == "direct"}
        asked = {task: rows for task, rows in own.items() if "test" in rows}
        cases[f"{name}, {tokenizer} tokens, {shots} shots"] = {
            "tokenizer": tokenizer,
            "options": {**form, **LIMITS[tokenizer], "shots": shots},
            "questions": {task: stored(tokenizer, writer.questions(task, rows)) for task, rows in asked.items()},
            **({"neutral": {task: stored(tokenizer, writer.questions(task, rows, neutral=True))
                            for task, rows in asked.items()}} if form["method"] == "direct" else {}),
            "training": {task: stored(tokenizer, writer.training(task, rows)) for task, rows in own.items()},
        }
        for key, count in writer.cut.items():
            cut[tokenizer, key] = cut.get((tokenizer, key), 0) + count
    if not all(cut.values()):
        raise AssertionError(f"some truncation never happens: {cut}")
    NumbersFile("prompts/sequences.json").write(HOW, {"tasks": tasks, "cases": cases})
