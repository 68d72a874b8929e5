#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compare.py CASES.json - bfcl-eval's own checker over the transcripts of
`audition cases --json`, beside the verdicts that audition gave them, with
bfcl-eval's own functions and ground truths. "wrong" and "same error" are the answers
without any call that are wrong, and of how many both name the same error.
"text": answers that hold calls as JSON text (found here by json alone; other
ways to write a call are left out); behind it the same for these, had the server
parsed it.
compare.py --imported DIR - are the suites that `audition import bfcl` wrote
what bfcl-eval shows its models: functions, questions, ground truths?

Exit status 1 when anything differs."""
import glob
import json
import os
import re
import sys

from bfcl_original import Bfcl

PREFIX = "bfcl_"


def answer_of(trial):
    """calls, content of what was answered to the user; None: nothing was."""
    said = []
    for message in trial["messages"]:
        if message["role"] == "user":
            said = []
        elif message["role"] == "assistant":
            said.append(message)
    if not said:
        return None
    return said[0]["calls"] or None, said[0]["text"]


def calls_in(text):
    """Every {"name", "arguments"} that stands in the text, outermost first; a
    definition said again, {"name", "parameters": schema}, is none."""
    decoder, calls, at = json.JSONDecoder(), [], 0
    while (at := text.find("{", at)) >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            at += 1
            continue
        name = value.get("name")
        arguments = value.get("arguments", value.get("parameters"))
        if "description" in value:
            at = end
        elif isinstance(name, str) and isinstance(arguments, dict):
            calls.append({"name": name, "arguments": json.dumps(arguments)})
            at = end
        else:
            at += 1
    return calls


def error_of(grader, trial, category, known, calls, content):
    """bfcl-eval's error type; None: right."""
    _, truth, tools = known
    try:
        return grader.judge(grader.prepare({
            "id": trial["id"], "category": category, "functions": tools,
            "possible_answer": truth, "calls": calls, "content": content}))
    except (TypeError, AttributeError, OverflowError, KeyError,
            IndexError) as crash:
        return f"crash: {crash}"


def if_parsed(grader, trial, category, known, answer, row, differ):
    """Counts one answer that holds calls as JSON text."""
    calls = [] if answer[0] else calls_in(answer[1] or "")
    if not calls or {c["name"] for c in calls} - {
            t["function"]["name"] for t in known[2]}:
        return      # audition takes a name that is no tool's for no call
    error = error_of(grader, trial, category, known, calls, None)
    ours = trial["notes"].get("original_parsed", 0) > 0
    row["text"] += 1
    row["parsed: ours"] += ours
    row["original "] += error is None
    if ours != (error is None):
        row["differ "] += 1
        differ.append(f"{trial['candidate']} {trial['key']}, parsed: ours "
                      f"{'right' if ours else 'wrong'}, bfcl-eval {error}")


def compare(path):
    grader = Bfcl()
    with open(path, encoding="utf-8") as file:
        trials = [t for t in json.load(file)["cases"]
                  if t["suite"].startswith(PREFIX)]
    rows, differ = {}, []
    for trial in trials:
        category = trial["suite"][len(PREFIX):]
        row = rows.setdefault((trial["candidate"], category), {
            "cases": 0, "unanswered": 0, "ours": 0, "original": 0,
            "differ": 0, "wrong": 0, "same error": 0, "text": 0,
            "parsed: ours": 0, "original ": 0, "differ ": 0})
        known = grader.category(category).get(trial["id"])
        if not known:
            sys.exit(f"{trial['suite']}: bfcl-eval has no case {trial['id']}")
        answer = answer_of(trial)
        row["cases"] += 1
        if not answer:
            row["unanswered"] += 1
            continue
        ours = trial["outcome"] == "pass"
        error = error_of(grader, trial, category, known, *answer)
        if_parsed(grader, trial, category, known, answer, row, differ)
        row["ours"] += ours
        row["original"] += error is None
        if ours != (error is None):
            row["differ"] += 1
            differ.append(f"{trial['candidate']} {trial['key']}: ours "
                          f"{trial['outcome']}, bfcl-eval {error}")
        elif error and "as text" not in (trial["reason"] or ""):
            named = re.search(r"\(([a-z_]+:[a-z_/]+)\)\s*$",
                              trial["reason"] or "")
            row["wrong"] += 1
            row["same error"] += bool(named) and named[1] == error
    if not rows:
        sys.exit(f"{path}: no case of a suite {PREFIX}CATEGORY")
    width = max(len(c) for c, _ in rows)
    heads = ["cases", "unanswered", "ours", "original", "differ", "wrong",
             "same error", "text", "parsed: ours", "original ", "differ "]
    print(f"{'candidate':{width}}  {'category':22}  " + "  ".join(heads))
    for (candidate, category), row in sorted(rows.items()):
        print(f"{candidate:{width}}  {category:22}  " + "  ".join(
            f"{row[h]:{len(h)}}" for h in heads))
    for line in differ[:50]:
        print("differs:", line)
    return 1 if differ else 0


def of_type(v):
    """A value that equals another only when the types do, too."""
    if isinstance(v, dict):
        return {k: of_type(x) for k, x in v.items()}
    return [of_type(x) for x in v] if isinstance(v, list) else (type(v), v)


def imported(folder):
    grader, bad = Bfcl(), 0
    for path in sorted(glob.glob(os.path.join(folder, PREFIX + "*.jsonl"))):
        category = os.path.basename(path)[len(PREFIX):-len(".jsonl")]
        entries = grader.category(category)
        with open(path, encoding="utf-8") as file:
            cases = {c["id"]: c for c in map(json.loads, file) if "id" in c}
        wrong = [f"{i} is not there" for i in entries if i not in cases]
        wrong += [f"{i} is not bfcl-eval's" for i in cases if i not in entries]
        for name, case in cases.items():
            if name not in entries:
                continue
            entry, truth, tools = entries[name]
            rule = (case.get("checks") or case["turns"][0]["checks"])[0]
            for what, got, wanted in (
                    ("functions", case.get("functions"), tools),
                    ("truth", rule.get("truth"), truth)):
                if of_type(got) != of_type(wanted):
                    wrong.append(f"{name}: other {what}")
            spoken = [m["content"] for m in entry["question"][0]]
            if not all(s in json.dumps(case, ensure_ascii=False) or
                       json.dumps(s, ensure_ascii=False)[1:-1] in
                       json.dumps(case, ensure_ascii=False) for s in spoken):
                wrong.append(f"{name}: other words")
        print(f"{category}: {len(cases)} cases, bfcl-eval has {len(entries)}, "
              f"{len(wrong)} differences")
        for line in wrong[:5]:
            print("  " + line)
        bad += len(wrong)
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--imported":
        sys.exit(imported(sys.argv[2]))
    sys.exit(compare(sys.argv[1]))
