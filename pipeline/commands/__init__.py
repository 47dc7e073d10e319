"""The commands, a module a task; `main` puts them together. What the console script and `python -m pipeline` run.

Standard output carries data only; progress and messages go to standard error. Everything but typer is imported where
it is needed, so that `--help` needs no weights and `read` starts fast.
"""
