# SPDX-License-Identifier: MIT
"""Fresh cases in the form of the recorded ones: entries of bfcl-eval, and
functions and ground truths that are made up, answered rightly or nearly so,
with the verdicts of bfcl-eval itself."""
import copy

import mutate
import spell

CATEGORIES = """simple_python multiple parallel parallel_multiple live_simple
live_multiple live_parallel live_parallel_multiple irrelevance
live_irrelevance live_relevance""".split()
IN_OTHER_LANGUAGES = ["simple_java", "simple_javascript"]
NOTHING = object()


# ---- right answers ---------------------------------------------------------

def is_keyed(v):
    """A ground truth for an object: {key: [what is right, ...]}."""
    return isinstance(v, dict) and all(isinstance(x, list)
                                       for x in v.values())


def accepted(r, wanted):
    """One of what is accepted; NOTHING: left out."""
    if not wanted:
        return NOTHING
    v = r.choice(wanted)
    return NOTHING if v == "" and isinstance(v, str) else filled(r, v)


def filled(r, v):
    if is_keyed(v):
        chosen = {k: accepted(r, x) for k, x in v.items()}
        return {k: x for k, x in chosen.items() if x is not NOTHING}
    if isinstance(v, list) and v and all(map(is_keyed, v)):
        return [filled(r, x) for x in v]
    return copy.deepcopy(v)


def right(r, truth):
    """What a model that is right calls."""
    answer = []
    for call in truth or []:
        for name, wanted in call.items():
            given = {k: accepted(r, x) for k, x in wanted.items()}
            answer.append({"name": name.replace(".", "_"), "arguments": {
                k: v for k, v in given.items() if v is not NOTHING}})
    return answer


def by_schema(r, parameters):
    """Arguments for a function that there is no ground truth of."""
    made = {"string": "a", "integer": 1, "number": 1.5, "boolean": True,
            "array": [], "object": {}}
    return {k: made.get(p.get("type"), "a")
            for k, p in parameters.get("properties", {}).items()
            if k in parameters.get("required", []) or r.random() < 0.3}


# ---- made-up functions -----------------------------------------------------

WORDS = ["a", "b", "New York", "new york", "N.Y.", "x-y", "5", "5.0", "true",
         "it's", 'say "hi"', "Stra\u00dfe", "\u0130zmir", "\u03a3\u03af\u03c3"
         "\u03c5\u03c6\u03bf\u03a3", "caf\u00e9", "K", "2024-01-02", "(x)", "^",
         "", "\u4e2d\u6587", "a\tb", "None"]
KINDS = ["string", "integer", "number", "boolean", "array", "object"]


def plain(r, kind):
    if kind == "string":
        return r.choice(WORDS)
    if kind == "integer":
        return r.choice((0, 1, 2, 5, -3, 10, 100, 2 ** 53 + 1, 2 ** 64))
    if kind == "number":
        return r.choice((0, 0.0, 1, 1.0, 2.5, -0.1, 1e22, 5, 0.3))
    if kind == "boolean":
        return r.random() < 0.5
    if kind == "array":
        return [plain(r, "integer") for _ in range(r.randint(0, 2))]
    return {"k": plain(r, r.choice(KINDS[:4]))}


def one_accepted(r, kind, items):
    if kind == "array":
        n = r.randint(0, 3)
        if items == "object":
            return [one_accepted(r, "object", None) for _ in range(n)]
        return [plain(r, items) for _ in range(n)]
    if kind == "object":
        return {k: [plain(r, r.choice(KINDS)) for _ in
                    range(r.randint(1, 2))] + [""] * (r.random() < 0.3)
                for k in r.sample(["a", "b", "c d", "\u00e9"],
                                  r.randint(0, 3))}
    return plain(r, kind)


def made_up(r):
    functions, wanted_of = [], {}
    for name in r.sample(["f", "g.h", "math.add", "a_b", "find.x_y", "F"],
                         r.randint(1, 3)):
        properties, wanted = {}, {}
        for p in r.sample(["x", "y", "z", "user id", "X"], r.randint(0, 4)):
            kind = r.choice(KINDS + ["array", "object"])
            items = r.choice(KINDS[:4] + ["array", "object"])
            properties[p] = {"type": kind, "description": "A value."}
            if kind == "array":
                properties[p]["items"] = {"type": items}
            if r.random() < 0.3:
                properties[p]["default"] = plain(r, kind)
            few = [one_accepted(r, kind, items)
                   for _ in range(r.choice((0, 1, 1, 1, 2, 3)))]
            if r.random() < 0.15:      # a variable, or a wrong ground truth
                few.insert(r.randint(0, len(few)),
                           plain(r, r.choice(KINDS)))
            if r.random() < 0.35 or (not few and r.random() < 0.8):
                few.insert(r.randint(0, len(few)), "")
            if r.random() < 0.95:
                wanted[p] = few
        if r.random() < 0.03:
            wanted["not in the schema"] = [1]
        functions.append({"type": "function", "function": {
            "name": name.replace(".", "_"), "description": "Made up.",
            "parameters": {"type": "object", "properties": properties,
                           "required": [
                               p for p in properties if r.random() <
                               (0.1 if "" in wanted.get(p, [""]) else 0.5)]
                           }}})
        wanted_of[name] = wanted
    category = r.choice(CATEGORIES + ["simple_python"] * 10)
    if "relevance" in category:
        return category, functions, None
    names = list(wanted_of)
    if "parallel" in category:      # alike, so that the order matters
        truth = []
        for _ in range(r.randint(1, 4)):
            name = r.choice(names)
            wanted = copy.deepcopy(wanted_of[name])
            for p in wanted:
                if wanted[p] and r.random() < 0.5:
                    wanted[p] = r.sample(wanted[p],
                                         r.randint(1, len(wanted[p])))
            truth.append({name: wanted})
    elif "multiple" in category:
        name = r.choice(names)
        truth = [{name: wanted_of[name]}]
    else:
        truth = [{names[0]: wanted_of[names[0]]}]
    return category, functions, truth


# ---- cases -----------------------------------------------------------------

def spelled(r, arguments, java):
    """All arguments as texts in that language, now and then but nearly."""
    made = {k: spell.value(r, v, java) if r.random() < 0.97 else v
            for k, v in arguments.items()}
    for k, v in made.items():
        if isinstance(v, str) and r.random() < 0.15:
            made[k] = spell.damaged(r, v)
    return made


def answered(r, category, functions, truth):
    """calls, content, what was done to them."""
    calls = right(r, truth)
    if category in IN_OTHER_LANGUAGES:
        java = category == "simple_java"
        calls = [c | {"arguments": spelled(r, c["arguments"], java)}
                 for c in calls]
    schema_of = {f["function"]["name"]: f["function"]["parameters"]
                 for f in functions}
    if truth is None:
        f = r.choice(functions)["function"] if functions else None
        calls = [{"name": f["name"], "arguments":
                  by_schema(r, f["parameters"])}] if f else []
    content, done = None, []
    few = (0, 0, 0, 1) if category in IN_OTHER_LANGUAGES \
        else (0, 1, 1, 1, 1, 1, 2, 3)
    for _ in range(r.choice(few)):
        if r.random() < 0.8 and calls:
            i = r.randrange(len(calls))
            if isinstance(calls[i]["arguments"], dict):
                calls[i] = calls[i] | {"arguments": mutate.arguments(
                    r, calls[i]["arguments"],
                    schema_of.get(calls[i]["name"], {}))}
                done.append("arguments")
        elif functions and calls is not None:
            calls, content = mutate.calls(r, calls, functions)
            done.append("calls")
            if calls is None:
                break
    for i in range(len(calls or [])):
        if r.random() < 0.25 and isinstance(calls[i]["arguments"], dict):
            calls[i] = calls[i] | {"arguments": mutate.raw(
                r, calls[i]["arguments"])}
            done.append("raw")
    return calls, content, "+".join(done) or "right"


def make(r, grader, n):
    """n cases; those at which bfcl-eval itself crashes are left out."""
    known = {}
    for category in CATEGORIES + IN_OTHER_LANGUAGES:
        known[category] = list(grader.category(category).values())
    made, crashed, in_entry = [], 0, {}
    while len(made) < n:
        if r.random() < 0.4:
            category, functions, truth = made_up(r)
            name = "made_up"
        else:
            category = r.choice(CATEGORIES + ["simple_python", "multiple",
                                              "live_simple", "live_multiple"]
                                + IN_OTHER_LANGUAGES)
            entry, truth, functions = r.choice(known[category])
            name = entry["id"]
        for _ in range(5):
            calls, content, kind = answered(r, category, functions, truth)
            case = {"id": name, "case": in_entry.get(name, 0),
                    "category": category, "kind": kind,
                    "functions": functions, "possible_answer": truth,
                    "calls": calls, "content": content}
            try:
                error = grader.judge(grader.prepare(case))
            except (TypeError, AttributeError, OverflowError, KeyError,
                    IndexError):
                crashed += 1
                continue
            in_entry[name] = in_entry.get(name, 0) + 1
            made.append(case | {"valid": error is None, "error_type": error})
    return made[:n], crashed
