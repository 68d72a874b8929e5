# SPDX-License-Identifier: MIT
"""The graders of others, imported without what they need only to talk to
models (tools/originals.sh installs them; it goes on PYTHONPATH). Nothing of
them is changed: bfcl_eval and lm_eval.tasks.ifeval run as they are.

Python is used by tests and benchmarks alone; audition itself needs none."""
import gzip
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import types

# What bfcl_eval imports and grading never calls: clients of model services,
# tables, parsers of Java and JavaScript.
UNUSED = set("""anthropic boto3 botocore bs4 cohere datamodel_code_generator
dotenv faiss google html2text httpx huggingface_hub mistralai mpmath networkx
numpy openai pandas pydantic qwen_agent rank_bm25 requests
sentence_transformers serpapi tabulate torch transformers tree_sitter
tree_sitter_java tree_sitter_javascript typer writerai""".split())


class _Anything(type):
    """A class that has every attribute, can be called, sub-classed, and used
    as a decorator."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing

    def __call__(cls, *args, **kwargs):
        if cls is _Nothing and len(args) == 1 and callable(args[0]):
            return args[0]
        return super().__call__()


class _Nothing(metaclass=_Anything):
    def __call__(self, *args, **_kwargs):
        return args[0] if len(args) == 1 and callable(args[0]) else self

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, _path=None, _target=None):
        if name.split(".")[0] not in UNUSED:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda name: getattr(_Nothing, name)
        return module

    def exec_module(self, module):
        module.__path__ = []


def bfcl():
    """The module eval_runner, and the handler whose answers it grades."""
    stand_ins = _StandIns()
    sys.meta_path.insert(0, stand_ins)
    try:
        from bfcl_eval.eval_checker import eval_runner
        model = "openbmb/MiniCPM-SALA-FC"
        handler = eval_runner.get_handler(model)
    finally:
        sys.meta_path.remove(stand_ins)
    return eval_runner, handler, model


def ifeval():
    """The module lm_eval.tasks.ifeval.utils; its parent package, which loads
    every task there is, is not executed."""
    import nltk
    nltk.data.path.insert(0, os.path.join(home(), "nltk_data"))
    import lm_eval
    parent = types.ModuleType("lm_eval.tasks")
    parent.__path__ = [os.path.join(lm_eval.__path__[0], "tasks")]
    sys.modules["lm_eval.tasks"] = parent
    from lm_eval.tasks.ifeval import utils
    return utils


def home():
    spec = importlib.util.find_spec("langdetect")
    if not spec:
        sys.exit("the originals are not on PYTHONPATH: "
                 "PYTHONPATH=$(tools/originals.sh)")
    return os.path.dirname(os.path.dirname(spec.origin))


def read_lines(path):
    """The objects of a JSONL file, which may be gzip."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with (gzip.open if packed else open)(path, "rt", encoding="utf-8",
                                         newline="\n") as file:
        return [json.loads(line) for line in file if line.strip()]
