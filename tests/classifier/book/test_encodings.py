"""Encodings: what goes in comes out, and what has no code is refused or reported."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.book.encodings import (
    ENCODINGS,
    NOT_A_DIGIT,
    BinaryOutputs,
    SingleOutput,
    TenOutputs,
    encoding_named,
    ten_to_four_layer,
)

DIGITS = np.arange(10)
ALL_LABELS = np.arange(-1, 10)


@pytest.mark.parametrize("encoding", [TenOutputs(), SingleOutput(), SingleOutput(0), BinaryOutputs()])
def test_targets_decode_to_what_is_expected(encoding):
    labels = DIGITS if isinstance(encoding, BinaryOutputs) else ALL_LABELS
    targets = encoding.encode(labels)
    assert targets.shape == (len(labels), encoding.outputs) and targets.dtype == np.float32
    np.testing.assert_array_equal(encoding.decode(targets), encoding.expected(labels))
    np.testing.assert_array_equal(encoding.decode(encoding.encode(DIGITS), digits_only=True), encoding.expected(DIGITS))


def test_ten_outputs():
    np.testing.assert_array_equal(TenOutputs().encode(np.array([3]))[0], np.eye(10)[3])
    np.testing.assert_array_equal(TenOutputs().encode(np.array([NOT_A_DIGIT]))[0], np.zeros(10))
    low = np.full((1, 10), 0.1)
    low[0, 7] = 0.4
    assert TenOutputs().decode(low) == NOT_A_DIGIT
    assert TenOutputs().decode(low, digits_only=True) == 7
    assert TenOutputs(threshold=0.3).decode(low) == 7


def test_single_output_says_yes_above_one_half():
    outputs = np.array([[0.49], [0.5], [0.51]])
    np.testing.assert_array_equal(SingleOutput(9).decode(outputs), [NOT_A_DIGIT, NOT_A_DIGIT, 9])
    np.testing.assert_array_equal(SingleOutput(9).expected(np.array([9, 4])), [9, NOT_A_DIGIT])


def test_binary_outputs_spell_the_digit():
    for digit in DIGITS:
        bits = BinaryOutputs().encode(np.array([digit]))[0]
        assert sum(int(bit) << place for place, bit in enumerate(bits)) == digit
    np.testing.assert_array_equal(BinaryOutputs().encode(np.array([0]))[0], np.zeros(4))
    twelve = np.array([[0.1, 0.4, 0.9, 0.8]])
    assert BinaryOutputs().decode(twelve) == NOT_A_DIGIT
    assert BinaryOutputs().decode(twelve, digits_only=True) == 4  # giving up the less sure of the two bits


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_most_likely_code_is_the_best_of_ten(outputs):
    likelihood = [
        np.prod([p if digit >> place & 1 else 1 - p for place, p in enumerate(outputs)]) for digit in range(10)
    ]
    chosen = BinaryOutputs().decode(np.array([outputs]), digits_only=True)[0]
    assert likelihood[chosen] == pytest.approx(max(likelihood))


@given(
    st.integers(0, 9),
    st.floats(0.99, 1),
    st.lists(st.floats(0, 0.01, exclude_max=True), min_size=10, max_size=10),
)
def test_fixed_layer_turns_ten_outputs_into_four_bits(digit, correct, others):
    """The exercise of ch. 1: the correct output at least 0.99, the others below 0.01."""
    ten = np.array([others], np.float32)
    ten[0, digit] = correct
    four = ten_to_four_layer().forward(ten)
    np.testing.assert_allclose(four, BinaryOutputs().encode(np.array([digit])), atol=1.5e-4)
    assert BinaryOutputs().decode(four) == digit


def test_fixed_layer_at_the_edge_of_the_promise():
    ten = np.where(np.eye(10), 0.99, 0.01).astype(np.float32)
    np.testing.assert_array_equal(BinaryOutputs().decode(ten_to_four_layer().forward(ten)), DIGITS)


def test_labels_without_a_code_are_refused():
    for encoding, labels in (
        (BinaryOutputs(), [NOT_A_DIGIT]),
        (TenOutputs(), [10]),
        (SingleOutput(), [-2]),
        (TenOutputs(), [1.5]),
        (TenOutputs(), [[1]]),
    ):
        with pytest.raises(ValueError, match="labels must"):
            encoding.encode(np.array(labels))
    with pytest.raises(ValueError, match="digit must"):
        SingleOutput(10)
    with pytest.raises(ValueError, match="ten, single, binary"):
        encoding_named("gray")
    assert set(ENCODINGS) == {"ten", "single", "binary"}
