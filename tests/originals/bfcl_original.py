#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bfcl_original.py FILE [--json] - runs bfcl-eval's own checker over recorded
cases (docs/originals.md has the format) and says how often it gives the
verdict that is recorded, and how fast it is.

    seconds       decoding the answers (of the OpenAI-compatible handler) and
                  checking them, everything in memory
    wall_seconds  the same, reading and parsing the file too
Neither starting Python, nor importing, nor looking up the functions counts."""
import copy
import gc
import json
import sys
import time
from types import SimpleNamespace

import originals

TO_GORILLA = {"number": "float", "object": "dict"}


class Bfcl:
    def __init__(self):
        self.runner, self.handler, self.model = originals.bfcl()
        from bfcl_eval import utils
        from bfcl_eval.constants.enums import Language, ReturnFormat
        from bfcl_eval.constants.enums import ModelStyle
        from bfcl_eval.constants.type_mappings import GORILLA_TO_OPENAPI
        from bfcl_eval.model_handler.utils import convert_to_tool
        self.utils = utils
        self.languages = {
            "simple_java": (Language.JAVA, ReturnFormat.JAVA),
            "simple_javascript": (Language.JAVASCRIPT,
                                  ReturnFormat.JAVASCRIPT)}
        self.python = Language.PYTHON, ReturnFormat.PYTHON
        self.convert = lambda functions: convert_to_tool(
            functions, GORILLA_TO_OPENAPI, ModelStyle.OPENAI_COMPLETIONS)
        self.entries = {}

    def category(self, name):
        """id -> (entry as the checker has it, ground truth or None, tools as
        the model is shown them)"""
        if name not in self.entries:
            load = self.utils.load_dataset_entry
            try:
                entries = load(name, include_language_specific_hint=False)
                shown = load(name)
            except (FileNotFoundError, AssertionError):
                entries = shown = []
            truths = {}
            if "relevance" not in name and entries:
                truths = {t["id"]: t["ground_truth"]
                          for t in self.utils.load_ground_truth_entry(name)}
            self.entries[name] = {
                e["id"]: (e, truths.get(e["id"]), self.convert(s["function"]))
                for e, s in zip(entries, shown)}
        return self.entries[name]

    def prompt_entry(self, case):
        """What the checker is to know of the functions: bfcl-eval's own data
        where the case is from there, else made from the tools."""
        known = self.category(case["category"]).get(case["id"])
        if known:
            entry, truth, tools = known
            if (truth, tools) == (case["possible_answer"], case["functions"]):
                return entry
        dotted = {name.replace(".", "_"): name
                  for call in case["possible_answer"] or [] for name in call}
        functions = [copy.deepcopy(t["function"]) for t in case["functions"]]
        for f in functions:
            f["name"] = dotted.get(f["name"], f["name"])
            f["parameters"]["type"] = "dict"
            for p in f["parameters"]["properties"].values():
                p["type"] = TO_GORILLA.get(p["type"], p["type"])
                if "type" in p.get("items", {}):
                    p["items"]["type"] = TO_GORILLA.get(p["items"]["type"],
                                                        p["items"]["type"])
        return {"id": case["id"], "function": functions, "question": []}

    def prepare(self, case):
        """The answer as the client of an endpoint sees it."""
        calls = case["calls"]
        if calls is not None:
            calls = [SimpleNamespace(id="1", function=SimpleNamespace(
                name=c["name"], arguments=c["arguments"]
                if isinstance(c["arguments"], str)
                else json.dumps(c["arguments"]))) for c in calls]
        message = SimpleNamespace(tool_calls=calls, content=case["content"])
        response = SimpleNamespace(
            choices=[SimpleNamespace(message=message)],
            usage=SimpleNamespace(prompt_tokens=0, completion_tokens=0))
        return (response, self.prompt_entry(case), case["possible_answer"],
                case["category"], case["id"])

    def judge(self, prepared):
        """The error type, None when it is right."""
        response, entry, truth, category, name = prepared
        answer = self.handler._parse_query_response_FC(
            response)["model_responses"]
        if "relevance" in category:
            verdict = self.runner._evaluate_single_relevance_entry(
                self.handler, name, answer, entry, self.model, category)
        else:
            verdict = self.runner._evaluate_single_ast_entry(
                self.handler, name, answer, truth, entry, self.model,
                category, *self.languages.get(category, self.python))
        return None if verdict["valid"] else verdict["error_type"]


def measure(judge, prepared, path):
    """What is given for each, seconds, wall_seconds. The collector of garbage
    is off: it would look through the whole file again and again."""
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    given = [judge(p) for p in prepared]
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    for i, _ in enumerate(originals.read_lines(path)):
        judge(prepared[i])
    wall = time.perf_counter() - start
    gc.enable()
    return given, seconds, wall


def main():
    path = next(a for a in sys.argv[1:] if not a.startswith("--"))
    grader = Bfcl()
    cases = originals.read_lines(path)
    prepared = [grader.prepare(c) for c in cases]
    given, seconds, wall = measure(grader.judge, prepared, path)
    differ = [(c, g) for c, g in zip(cases, given)
              if (c["valid"], c["error_type"]) != (g is None, g)]
    result = {"cases": len(cases), "agree": len(cases) - len(differ),
              "seconds": seconds, "wall_seconds": wall,
              "outputs_per_second": len(cases) / seconds}
    if "--json" in sys.argv:
        print(json.dumps(result))
        return
    for case, got in differ[:20]:
        print(f"{case['id']} {case['case']} ({case['kind']}): recorded "
              f"{case['error_type']}, given {got}")
    print(f"bfcl-eval: {result['agree']} of {len(cases)} verdicts as recorded;"
          f" {result['outputs_per_second']:.0f} outputs/s in memory, "
          f"{len(cases) / wall:.0f} reading the file too")


if __name__ == "__main__":
    main()
