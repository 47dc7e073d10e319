"""What learns from a user's strings: a network with its training, in passes over the strings.

A learner knows the pictures; a course is one training of it, on the texts of some of them, and ends in networks with
what was learned put in place of the parent's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from classifier.weights import Networks

Texts = Mapping[int, str]  # number of a picture -> its digits
Arrays = dict[str, NDArray[Any]]


class Course(Protocol):
    """One training, some passes long."""

    def run_pass(self, number: int) -> None:
        """Pass `number` (from 1); what is random in it follows from the course's seed and the number alone."""
        ...

    def learned(self, networks: Networks) -> Networks:
        """The networks with this course's own put in."""
        ...

    def state(self) -> Arrays:
        """Everything needed to go on after a stop."""
        ...

    def restore(self, arrays: Arrays) -> None:
        """Back to where `state` was taken."""
        ...


class Learner(Protocol):
    """A network of the parent's that can learn from pictures. name: of the network, as in Networks."""

    @property
    def name(self) -> str:
        """The network's name, as in Networks."""
        ...

    def begin(self, texts: Texts, passes: int, seed: tuple[int, ...]) -> Course:
        """A course of so many passes on these pictures, from the parent's weights."""
        ...


class Courses:
    """Several courses side by side, as one."""

    def __init__(self, courses: Mapping[str, Course]) -> None:
        self.courses = courses

    def run_pass(self, number: int) -> None:
        """As `Course`."""
        for course in self.courses.values():
            course.run_pass(number)

    def learned(self, networks: Networks) -> Networks:
        """As `Course`."""
        for course in self.courses.values():
            networks = course.learned(networks)
        return networks

    def state(self) -> Arrays:
        """As `Course`; names begin with the network's."""
        parts = ((name, course.state()) for name, course in self.courses.items())
        return {f"{name}/{key}": np.asarray(value) for name, arrays in parts for key, value in arrays.items()}

    def restore(self, arrays: Arrays) -> None:
        """As `Course`."""
        for name, course in self.courses.items():
            prefix = f"{name}/"
            course.restore({k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)})
