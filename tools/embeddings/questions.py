# SPDX-License-Identifier: Apache-2.0
"""questions.py WORDNET_FOLDER OUT.txt [COUNT]: made-up questions and table descriptions.

They are put together from patterns of our own and common WordNet nouns, so that the table also
learns how the model treats "how many", "list the", "average" and lists of column names. No
benchmark text is used.
"""

import random
import re
import sys

NOUNS_MAX = 9000
ATTRIBUTES = (
    "name id number code type status date year month amount price cost total count rate score "
    "rank size weight height age gender email phone address city state country region title "
    "description category level quantity percent salary budget revenue profit start end owner "
    "manager address zip duration distance speed temperature rating result comment"
).split()
EXTREMES = ["oldest", "youngest", "tallest", "best", "first", "last"]

choose = random.Random(7)


def common_nouns(folder):
    counts = {}
    with open(folder + "/cntlist.rev", encoding="utf-8") as file:
        for line in file:
            key, _, count = line.split()
            if "%1:" in key:  # a noun
                word = key.split("%")[0].replace("_", " ")
                counts[word] = counts.get(word, 0) + int(count)
    words = (word for word in counts if re.fullmatch(r"[a-z]+( [a-z]+)?", word))
    return sorted(words, key=lambda word: -counts[word])[:NOUNS_MAX]


NOUNS = common_nouns(sys.argv[1])


def noun():
    return choose.choice(NOUNS)


def nouns():
    word = noun()
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def attribute():
    return choose.choice(ATTRIBUTES)


def columns(low, high, with_nouns):
    def column():
        options = [attribute(), noun() + " " + attribute()] + ([noun()] if with_nouns else [])
        return choose.choice(options)

    return ", ".join(column() for _ in range(choose.randint(low, high)))


def table():
    word = noun()
    return f"{word}. {word} id, " + columns(2, 9, True)


QUESTIONS = [
    lambda: f"How many {nouns()} are there?",
    lambda: f"What is the total number of {nouns()}?",
    lambda: f"Show the {attribute()} and {attribute()} of all {nouns()}.",
    lambda: f"List the {noun()} {attribute()} for each {noun()}, sorted by {attribute()} "
    "in descending order.",
    lambda: f"What is the average {attribute()} of {nouns()} in {noun()}?",
    lambda: f"Which {noun()} has the most {nouns()}?",
    lambda: f"Find the {nouns()} whose {attribute()} is greater than {choose.randint(2, 5000)}.",
    lambda: f"What are the names of the {nouns()} with the highest {attribute()}?",
    lambda: f"total {noun()} {attribute()} by {noun()} last month",
    lambda: f"top {choose.randint(2, 20)} {nouns()} by {attribute()}",
    lambda: f"Give me the number of {nouns()} per {noun()}.",
    lambda: f"Who is the {choose.choice(EXTREMES)} {noun()}?",
    lambda: f"What is the difference between the {noun()} and the {noun()}?",
    lambda: f"when did {noun()} {noun()} first appear?",
    lambda: f"Count the {nouns()} that do not have any {noun()}.",
    lambda: f"For each {noun()}, what is the maximum, minimum and average {attribute()}?",
    lambda: f"how has {noun()} {attribute()} changed over the past {choose.randint(2, 30)} days",
]
DESCRIPTIONS = [
    table,
    lambda: f"{nouns()} and {nouns()}. " + columns(3, 10, False),
    lambda: f"{noun()} {attribute()}",
    lambda: f"{noun()} {noun()}",
]


def main():
    out = sys.argv[2]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 30000
    made = set()
    while len(made) < count:
        made.add(choose.choice(QUESTIONS if choose.random() < 0.6 else DESCRIPTIONS)())
    with open(out, "w", encoding="utf-8") as file:
        file.write("\n".join(sorted(made)) + "\n")
    print(len(made), "texts")


if __name__ == "__main__":
    main()
