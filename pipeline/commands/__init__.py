"""The commands, a module a task; `main` puts them together: what the console script and `python -m pipeline` run.

`reading/` reads pictures, `learning/` makes and judges the weights that it reads with.

Standard output carries data only; progress and messages go to standard error. Everything but typer is imported where
it is needed, so that `--help` needs no weights and `read` starts fast.
"""
