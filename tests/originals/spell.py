# SPDX-License-Identifier: MIT
"""Values as a model writes them in Java or JavaScript, rightly or nearly so;
for BFCL's two categories in which every argument is such a text."""
import json


def number(r, v, java):
    suffixes = ("", "", "", "L", "l", "f", "F", "d") if java \
        else ("", "", "", "n", "n", ".0")
    return str(v) + r.choice(suffixes)


def single(r, v, java):
    if isinstance(v, bool):
        return r.choice(("true", "false") if r.random() < 0.1
                        else (str(v).lower(),))
    if v is None:
        return "null"
    if isinstance(v, (int, float)):
        return number(r, v, java)
    if isinstance(v, (list, dict)):
        return java_of(r, v) if java else js_of(r, v)
    quote = r.choice(('"', '"', '"', "'", ""))
    return quote + str(v) + quote


def java_of(r, v):
    if isinstance(v, list):
        items = r.choice((", ", ",", " , ")).join(
            single(r, x, True) for x in v)
        adds = " ".join("add(%s);" % single(r, x, True) for x in v)
        kind = r.choice(("", "String", "Integer", "Object", "int"))
        return r.choice((
            f"new ArrayList<{kind}>(Arrays.asList({items}))",
            f"new ArrayList<{kind}>() {{{{ {adds} }}}}",
            f"new {kind or 'String'}[]{{{items}}}",
            f"new {kind or 'String'}[] {{ {items} }}",
            f"new  ArrayList<{kind}>()", f"Arrays.asList({items})",
            f"List.of({items})", f"[{items}]", "new int[]{}"))
    if isinstance(v, dict):
        puts = r.choice((" ", "", "\n")).join(
            'put("%s",%s%s);' % (k, r.choice((" ", "", "  ")),
                                 single(r, x, True)) for k, x in v.items())
        kind = r.choice(("", "String, Object", "String, Map<String, Integer>"))
        return r.choice((
            f"new HashMap<{kind}>() {{{{ {puts} }}}}",
            f"new HashMap<{kind}>(){{{{{puts}}}}}",
            f"new HashMap<{kind}>() {{ {puts} }}",
            f"new HashMap<{kind}>()", f"Map.of({puts})", json.dumps(v)))
    return single(r, v, True)


def js_of(r, v):
    if isinstance(v, list):
        items = r.choice((", ", ",", " , ")).join(
            single(r, x, False) for x in v)
        return r.choice((f"[{items}]", f"[{items}]", f"new Array({items})",
                         f"[ {items} ]", f"new Array([{items}])", f"({items})",
                         f"[{items}", json.dumps(v)))
    if isinstance(v, dict):
        quote = r.choice(("", "'", '"'))
        pairs = r.choice((", ", ",", ",\n")).join(
            f"{quote}{k}{quote}:{r.choice((' ', '', '  '))}"
            + single(r, x, False) for k, x in v.items())
        return r.choice((f"{{{pairs}}}", f"{{ {pairs} }}", f"({{{pairs}}})",
                         f"{{{pairs},}}", json.dumps(v)))
    return single(r, v, False)


def value(r, v, java):
    """The text of an argument; often a text stays as it is."""
    if isinstance(v, str) and r.random() < 0.75:
        return v
    return java_of(r, v) if java else js_of(r, v)


def damaged(r, text):
    i = r.randint(0, len(text))
    return r.choice((
        text[:i] + text[i + 1:], text[:i], " " + text, text + "\n",
        text[:i] + r.choice("()[]{}<>,:;\"' \n0aLfn.-+e\u0661") + text[i:],
        text.replace(" ", ""), text.replace('"', "'"), text.upper(),
        text.replace(",", ", "), text.replace(":", " : ")))
