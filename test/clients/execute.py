"""Executes a notebook with nbclient as other programs use it: execute.py NOTEBOOK SECONDS KERNEL."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

notebook, seconds, kernel = sys.argv[1:]
NotebookClient(
    nbformat.read(notebook, as_version=4),
    timeout=int(seconds),
    kernel_name=kernel,
    resources={"metadata": {"path": str(Path(notebook).parent)}},
).execute()
