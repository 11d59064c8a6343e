"""Run cookiecutter so that it acts at a moment, in a process that was forked and so has not loaded sitecustomize.py."""

import os
import runpy
import sys
from importlib import import_module

# What ends this process and its children ends no other.
os.setsid()
# For the Python of the hook.
os.environ["PYTHONPATH"] = os.path.dirname(__file__)
sys.modules.pop("sitecustomize", None)
import_module("sitecustomize")
runpy.run_module("cookiecutter", run_name="__main__", alter_sys=True)
