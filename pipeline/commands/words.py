"""Mistakes in the words of the command line: what a library calls a remedy is an option here."""

from __future__ import annotations

from pipeline.errors import PipelineError, Remedy, said

OPTIONS = {
    Remedy.REPLACE: "--force replaces it",
    Remedy.RESUME: "--resume continues it",
    Remedy.BEGIN_AGAIN: "--force begins again",
    Remedy.OTHER_OUTPUT: "--out names another",
    Remedy.DATA: "--data FOLDER names the folder of the training data",
    Remedy.ARCHIVE: "--archive names the zip or folder that you have",
    Remedy.SUBFOLDERS: "--recursive looks into its folders",
}


def sentence_of(error: Exception) -> str:
    """What a command says of a mistake."""
    if isinstance(error, PipelineError):
        return said(error.problem, [OPTIONS[remedy] for remedy in error.remedies])
    if isinstance(error, OSError):
        return f"what is printed cannot be written ({error.strerror}); make room, then run it again"
    return str(error)
