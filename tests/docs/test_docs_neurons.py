"""Every code block of docs/neurons.md runs, and prints what the page says."""

import doctest
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "neurons.md"


def test_page_runs_as_printed():
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6
    parser, names, wrong = doctest.DocTestParser(), {}, []
    for number, block in enumerate(blocks, 1):
        assert parser.get_examples(block), f"block {number} has nothing to run"
        runner = doctest.DocTestRunner(verbose=False)
        test = parser.get_doctest(block, names, f"block {number}", PAGE.name, 0)
        runner.run(test, out=wrong.append, clear_globs=False)
        names = test.globs  # later blocks use the names of earlier ones, as a reader at a prompt would
    assert not wrong, "".join(wrong)
