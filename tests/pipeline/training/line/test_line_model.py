"""The line network in PyTorch and in numpy are one; its loss is what reading computes."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from classifier.line.line_columns import text_log_probabilities  # noqa: E402
from classifier.line.line_network import RESIDUAL, LineShape, column_count, log_softmax, without_marks  # noqa: E402
from classifier.line.line_picture import ROWS  # noqa: E402
from pipeline.training.line.line_model import LineModel, ctc_loss, folded  # noqa: E402
from pipeline.training.line.line_strings import LineString, make_batch  # noqa: E402
from tests.classifier.line.line_fixture import FIXTURE, SHAPE, make_fixture  # noqa: E402

SMALL = LineShape(maps=(2, 3, 3, 4, 4, 5))


def strings(rng, *written, marks_known=True):
    return [LineString(rng.random((ROWS, 60 + 7 * k), np.float32), text, marks_known) for k, text in enumerate(written)]


def model_with_history(shape, seed=1):
    """A model whose batch norms have seen something, in the state for reading."""
    torch.manual_seed(seed)
    model = LineModel(shape)
    batch = make_batch(strings(np.random.default_rng(seed), *["1"] * 8))
    for _ in range(20):
        model(torch.from_numpy(batch.pictures[:, None].astype(np.float32)))
    for norm in model.norms.values():
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        torch.nn.init.normal_(norm.bias)
    return model.eval()


@pytest.mark.parametrize("residual", [SMALL.residual, RESIDUAL])
def test_numpy_reads_what_pytorch_reads(residual):
    model = model_with_history(replace(SMALL, residual=residual))
    batch = make_batch(strings(np.random.default_rng(3), "1"))
    with torch.no_grad():
        expected = model(torch.from_numpy(batch.pictures[:, None].astype(np.float32))).numpy()[0]
    picture = batch.pictures[0, :, 8:-8].astype(np.float32)[:, :60]
    np.testing.assert_allclose(folded(model).sums(picture), expected, atol=1e-4, rtol=1e-4)


def test_a_string_reads_alike_alone_and_in_a_batch():
    model = model_with_history(SMALL)
    some = strings(np.random.default_rng(5), "1", "2", "3")
    batch = make_batch(some)
    with torch.no_grad():
        sums = model(torch.from_numpy(batch.pictures[:, None].astype(np.float32))).numpy()
    alone = folded(model).sums(some[0].picture.astype(np.float16).astype(np.float32))
    inner = column_count(60) - 12  # what lies beyond its own margin differs
    np.testing.assert_allclose(sums[0, :inner], alone[:inner], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("marks_known", [True, False])
def test_the_loss_is_the_probability_that_reading_gives(marks_known):
    rng = np.random.default_rng(4)
    written = ("12", "3.50" if marks_known else "350", "77")
    batch = make_batch(strings(rng, *written, marks_known=marks_known))
    sums = rng.standard_normal((3, batch.pictures.shape[2] // 4, 17)).astype(np.float32)
    expected = []
    for row, text, count in zip(sums, written, batch.columns, strict=True):
        columns = log_softmax(row[:count])
        columns = columns if marks_known else without_marks(columns)
        expected.append(-text_log_probabilities(columns, [text])[0] / len(text))
    assert float(ctc_loss(torch.from_numpy(sums), batch)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_the_committed_arrays_are_pytorchs():
    made = make_fixture(model_with_history(SHAPE, seed=7))
    with np.load(FIXTURE, allow_pickle=False) as content:
        assert sorted(content.files) == sorted(made)
        np.testing.assert_allclose(content["sums"], made["sums"], rtol=1e-3, atol=1e-3)


def test_gradients_of_unknown_marks_are_those_of_blanks():
    rng = np.random.default_rng(6)
    batch = make_batch(strings(rng, "12", marks_known=False))
    sums = torch.from_numpy(rng.standard_normal((1, 19, 17)).astype(np.float32)).requires_grad_()
    ctc_loss(sums, batch).backward()
    blanks, share = sums.grad[0, :, 10:], torch.softmax(sums.detach()[0, :, 10:], 1)
    np.testing.assert_allclose(blanks, blanks.sum(1, keepdim=True) * share, atol=1e-6)
    known = replace(batch, marks_known=np.array([True]))
    with torch.no_grad():
        assert float(ctc_loss(sums, known)) > float(ctc_loss(sums, batch))
