"""Templates: their file, and where they come to lie on a scan."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.documents.templates.registration import register
from pipeline.documents.templates.template_file import Template, TemplateField, load_template, to_toml, write_template
from pipeline.errors import UsageError

TEMPLATE = Template(
    (1000, 1400),
    np.array([[0.2, 0.3, 0.1, 0.02], [0.5, 0.3, 0.3, 0.0]]),
    (
        TemplateField('the "sum"', (0.1, 0.2, 0.3, 0.25), "amount"),
        TemplateField("day", (0.5, 0.2, 0.8, 0.25), "date:DDMMYYYY", required=False),
    ),
)


def test_a_template_comes_back_from_its_file(tmp_path):
    write_template(TEMPLATE, tmp_path / "form.toml")
    back = load_template(tmp_path / "form.toml")
    assert (back.size, back.fields) == (TEMPLATE.size, TEMPLATE.fields)
    np.testing.assert_allclose(back.landmarks, TEMPLATE.landmarks, atol=1e-5)
    assert list(tmp_path.iterdir()) == [tmp_path / "form.toml"]


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("version = 1", "version = 2", "version"),
        ("[page]", "[paper]", "page"),
        ('format = "amount"', 'format = "amounts"', "amounts"),
        ('format = "amount"', 'formal = "amount"', "formal"),
        ("required = false", "required = 0", "true or false"),
        ('name = "day"', 'name = "the \\"sum\\""', "two fields"),
        ('name = "day"', "", "no name"),
        ("box = [0.5", "box = [0.9", "left before right"),
        ("box = [0.5", "box = [50", "shares of the page"),
        ("version = 1", "version = ", "TOML"),
    ],
)
def test_what_is_wrong_with_a_template_is_said(tmp_path, old, new, message):
    text = to_toml(TEMPLATE)
    assert old in text
    (tmp_path / "form.toml").write_text(text.replace(old, new))
    with pytest.raises(UsageError, match=message):
        load_template(tmp_path / "form.toml")


def test_a_missing_template(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        load_template(tmp_path / "none.toml")


def marks(rng, count):
    return np.concatenate(
        [rng.uniform(0, 1000, (count, 2)), rng.uniform(40, 300, (count, 1)), rng.uniform(25, 60, (count, 1))], axis=1
    )


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    scale=st.floats(0.4, 2.5),
    x=st.floats(-200, 200),
    y=st.floats(-200, 200),
    turn=st.floats(-0.004, 0.004),
)
@pytest.mark.slow
def test_a_template_is_registered_among_other_boxes(seed, scale, x, y, turn):
    rng = np.random.default_rng(seed)
    template = marks(rng, 12)
    truth = scale * np.array([[np.cos(turn), -np.sin(turn), x], [np.sin(turn), np.cos(turn), y]])
    scan = template.copy()
    scan[:, :2] = template[:, :2] @ truth[:, :2].T + truth[:, 2] + rng.normal(0, 0.5, (12, 2))
    scan[:, 2:] *= scale
    scan = np.concatenate([scan[3:], marks(rng, 6)])  # three are not seen, six are of something else
    found = register(template, scan, 1300 * scale)
    assert found is not None and found[1] >= 8
    corners = np.array([[0, 0], [1000, 0], [0, 1000], [1000, 1000]])
    np.testing.assert_allclose(
        corners @ found[0][:, :2].T + found[0][:, 2], corners @ truth[:, :2].T + truth[:, 2], atol=8 * max(1, scale)
    )


def test_another_form_is_not_taken_for_it():
    rng = np.random.default_rng(3)
    assert register(marks(rng, 20), marks(rng, 20), 1300) is None


def test_without_landmarks_nothing_fits():
    assert register(np.zeros((0, 4)), np.ones((2, 4)), 100) is None
