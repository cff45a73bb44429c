"""Agreement of free text with an answer: ROUGE-L by Google's rouge-score, exact match and F1 by SQuAD's rules.

Proves the metrics of generated answers, on texts in several scripts. It needs `rouge-score` 0.1.2 alone, and is run by
itself: python free_text.py
"""

import json
import random
import re
import string
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from rouge_score.rouge_scorer import RougeScorer

HOW = """rougeL: F-measure of rouge-score's rougeL without stemmer. exact and f1: Rajpurkar et al. 2016, section 6.1: case,
the punctuation of ASCII and the words a, an and the do not count, and words are what white space separates."""

WORDS = ["the", "The", "a", "an", "A", "cat", "Cat's", "co-op", "U.S.", "2-1!", "42", "ça", "là", "the-end", "naïve", "Ärzte",
         "ÉTÉ", "東京", "the東京", "a_b", "(an)", "…", "—", "x", "y", "z", "ανα", "а", "thé", "\u00a0", "\t", "\n", "a\u0301", "9th", "", "½a", "ç", "é", "½"]


def words(text):
    lowered = text.lower()
    bare = "".join(character for character in lowered if character not in string.punctuation)
    return re.sub(r"\b(?:a|an|the)\b", " ", bare).split()


def f1(prediction, answer):
    got, wanted = words(prediction), words(answer)
    common = sum((Counter(got) & Counter(wanted)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(got), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def main():
    draw = random.Random(9301)
    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    pairs = [("ça va", "ç va"), ("thé", "é"), ("a the an", ""), ("The cat.", "cat")]
    for _ in range(120):
        answer = draw.choices(WORDS, k=draw.randint(0, 8))
        prediction = [draw.choice(WORDS) if draw.random() < 0.3 else word for word in answer if draw.random() < 0.9]
        if draw.random() < 0.2:
            draw.shuffle(prediction)
        pairs.append((" ".join(prediction), " ".join(answer)))
    cases = [{"prediction": prediction, "answer": answer, "exact": int(words(prediction) == words(answer)),
              "f1": f1(prediction, answer), "rougeL": scorer.score(answer, prediction)["rougeL"].fmeasure}
             for prediction, answer in pairs]
    content = {"how": " ".join(HOW.split()), "versions": {"rouge_score": version("rouge-score")}}
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    path = Path(__file__).parent / "numbers/free-text/free_text.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=1)[:-2] + f',\n "cases": [\n{lines}\n ]\n}}\n')


if __name__ == "__main__":
    main()
