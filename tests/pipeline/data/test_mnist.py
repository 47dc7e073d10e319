"""The MNIST reader on small idx files written here, and downloads from a server on this machine."""

import gzip
import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import mnist
from pipeline.data.downloads import fetch_files, sha256_of
from pipeline.data.mnist import MNIST_SHA256, QMNIST_SHA256, Mnist, fetch_mnist, load_mnist, read_idx
from pipeline.errors import DataError, Remedy


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch, tmp_path):
    """No data folder of this machine, its own cache, and no proxy between the test and its server."""
    for name in ("DIGITSTRING_DATA", "DIGITSTRING_MIRRORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(mnist, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


def parts(count: int = 12) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    arrays = {}
    for part, n in (("train", count), ("t10k", 5)):
        arrays[f"{part}-images-idx3-ubyte"] = rng.integers(0, 256, (n, 28, 28), np.uint8)
        arrays[f"{part}-labels-idx1-ubyte"] = rng.integers(0, 10, n).astype(np.uint8)
    return arrays


def write(folder: Path, arrays: dict[str, np.ndarray], packed: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        data = gzip.compress(idx(array), mtime=0) if packed else idx(array)
        (folder / (name + ".gz" * packed)).write_bytes(data)
    return folder


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("below", ["", "mnist"])
def test_reads_what_was_written(tmp_path, packed, below):
    arrays = parts()
    write(tmp_path / below, arrays, packed)
    data = load_mnist(tmp_path)
    np.testing.assert_array_equal(data.train_images, arrays["train-images-idx3-ubyte"])
    np.testing.assert_array_equal(data.train_labels, arrays["train-labels-idx1-ubyte"])
    np.testing.assert_array_equal(data.test_images, arrays["t10k-images-idx3-ubyte"])
    np.testing.assert_array_equal(data.test_labels, arrays["t10k-labels-idx1-ubyte"])
    assert data.train_writers is None and data.test_writers is None


def test_the_argument_comes_before_the_environment(tmp_path, monkeypatch):
    write(tmp_path / "a", parts(3))
    write(tmp_path / "b" / "mnist", parts(4))
    monkeypatch.setenv("DIGITSTRING_DATA", str(tmp_path / "b"))
    assert len(load_mnist(tmp_path / "a").train_labels) == 3
    assert len(load_mnist().train_labels) == 4


def qmnist_table(labels: np.ndarray, writers: np.ndarray) -> bytes:
    rows = (f"{label}\t4\t{writer}\t0\t30\t1\t0\t0\n" for label, writer in zip(labels, writers, strict=True))
    return gzip.compress("".join(rows).encode(), mtime=0)


def test_writers_come_from_the_tables_whose_surplus_rows_are_left(tmp_path):
    arrays = parts()
    write(tmp_path, arrays)
    train, test = arrays["train-labels-idx1-ubyte"], arrays["t10k-labels-idx1-ubyte"]
    (tmp_path / "qmnist-train-labels.tsv.gz").write_bytes(qmnist_table(train, np.arange(12) + 100))
    longer = np.concatenate([test, [1, 2]])
    (tmp_path / "qmnist-test-labels.tsv.gz").write_bytes(qmnist_table(longer, np.arange(7)))
    data = load_mnist(tmp_path)
    assert data.train_writers.tolist() == list(range(100, 112)) and data.train_writers.dtype == np.int32
    assert data.test_writers.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("table", ["other labels", "too short", "no table"])
def test_a_table_that_does_not_belong_to_the_images(tmp_path, table):
    arrays = parts()
    write(tmp_path, arrays)
    labels = arrays["train-labels-idx1-ubyte"]
    data = {
        "other labels": qmnist_table((labels + 1) % 10, labels),
        "too short": qmnist_table(labels[:-1], labels[:-1]),
        "no table": gzip.compress(b"writer of these digits: unknown\n", mtime=0),
    }[table]
    (tmp_path / "qmnist-train-labels.tsv.gz").write_bytes(data)
    with pytest.raises(DataError, match="qmnist-train-labels"):
        load_mnist(tmp_path)


GOOD = idx(np.arange(6).reshape(2, 3))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "truncated"),
        (GOOD[:7], "truncated, 7 bytes are less than an idx header"),
        (GOOD[:-1], "truncated, 5 bytes where the header promises 6"),
        (GOOD + b"1", "too long, 7 bytes where the header promises 6"),
        (b"\0\0\x08\x03" + GOOD[4:], "no idx file of 2 axes"),
        (b"\0\0\x0d\x02" + GOOD[4:], "no idx file of 2 axes"),
        (b"GIF89a, not numbers", "no idx file"),
        (GOOD[:4] + b"\xff" * 8 + GOOD[12:], "truncated"),
        (gzip.compress(GOOD, mtime=0)[:-9], "truncated, the compressed data ends too early"),
        (gzip.compress(GOOD, mtime=0)[:12] + b"\0\0\0\0" + gzip.compress(GOOD, mtime=0)[16:], "damaged or not gzip"),
    ],
)
def test_damaged_files_are_named_with_their_problem(tmp_path, data, problem):
    path = tmp_path / "x-idx2-ubyte"
    path.write_bytes(data)
    with pytest.raises(DataError, match=problem) as caught:
        read_idx(path, 2)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_gz_that_is_no_gzip_data(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(GOOD)
    with pytest.raises(DataError, match="not gzip data"):
        read_idx(path, 2)


@pytest.mark.parametrize(
    ("name", "array", "problem"),
    [
        ("train-labels-idx1-ubyte", np.zeros(11), "11 labels for 12 images"),
        ("train-labels-idx1-ubyte", np.full(12, 10), "labels must be digits"),
        ("t10k-images-idx3-ubyte", np.zeros((5, 27, 28)), "images of 27 x 28 pixels, not 28 x 28"),
    ],
)
def test_files_that_do_not_fit_together(tmp_path, name, array, problem):
    write(tmp_path, parts() | {name: array})
    with pytest.raises(DataError, match=problem):
        load_mnist(tmp_path)


def test_a_missing_file_or_folder_is_said_with_what_to_do(tmp_path):
    with pytest.raises(DataError, match=r"does not exist.*the folder of the training data"):
        load_mnist(tmp_path / "gone")
    with pytest.raises(DataError, match=r"no MNIST files here.*the folder of the training data"):
        load_mnist(tmp_path)
    write(tmp_path, parts())
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte.gz is missing"):
        load_mnist(tmp_path)


def test_mnist_checks_itself():
    images, labels = np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8)
    with pytest.raises(ValueError, match="differ in number"):
        Mnist(images, labels[:1], images, labels)
    with pytest.raises(ValueError, match="test_images must be"):
        Mnist(images, labels, images[:, 1:], labels)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def mirror(tmp_path):
    """A server's folder and its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_good_file_is_fetched_and_kept(tmp_path, mirror):
    folder, url = mirror
    (folder / "a.bin").write_bytes(b"good")
    fetch_files({"a.bin": digest(b"good")}, tmp_path / "in", [url])
    (folder / "a.bin").unlink()
    fetch_files({"a.bin": digest(b"good")}, tmp_path / "in", [url])  # nothing left to ask for
    assert (tmp_path / "in" / "a.bin").read_bytes() == b"good"
    assert sha256_of(tmp_path / "in" / "a.bin") == digest(b"good")


def test_a_corrupted_file_is_refused_and_nothing_is_left(tmp_path, mirror):
    folder, url = mirror
    (folder / "a.bin").write_bytes(b"evil")
    with pytest.raises(DataError, match="another SHA-256") as caught:
        fetch_files({"a.bin": digest(b"good")}, tmp_path / "in", [url])
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "in").iterdir()) == []


def test_the_next_mirror_is_tried_after_a_missing_or_corrupted_file(tmp_path, mirror):
    folder, url = mirror
    for place, data in (("evil", b"evil"), ("good", b"good")):
        (folder / place).mkdir()
        (folder / place / "a.bin").write_bytes(data)
    mirrors = [f"{url}/none", f"{url}/evil", f"{url}/good/"]
    fetch_files({"a.bin": digest(b"good")}, tmp_path / "in", mirrors)
    assert (tmp_path / "in" / "a.bin").read_bytes() == b"good"


def test_a_damaged_file_in_the_cache_is_fetched_anew(tmp_path, mirror):
    folder, url = mirror
    (folder / "a.bin").write_bytes(b"good")
    (tmp_path / "a.bin").write_bytes(b"goo")
    fetch_files({"a.bin": digest(b"good")}, tmp_path, [url])
    assert (tmp_path / "a.bin").read_bytes() == b"good"


def test_all_mirrors_missing_is_one_sentence_with_each_cause(tmp_path, mirror):
    url = mirror[1]
    with pytest.raises(DataError) as caught:
        fetch_files({"a.bin": digest(b"good")}, tmp_path / "in", [url, "http://127.0.0.1:1"])
    sentence = str(caught.value)
    assert "HTTP status 404" in sentence and "http://127.0.0.1:1: no connection" in sentence
    assert caught.value.remedies == (Remedy.DATA,) and "\n" not in sentence


@pytest.fixture
def small_mnist(mirror, monkeypatch):
    """Small files served in MNIST's place, with the hashes they should have."""
    folder = mirror[0]
    arrays = parts()
    write(folder, arrays)
    monkeypatch.setattr(mnist, "MNIST_SHA256", {name: sha256_of(folder / name) for name in MNIST_SHA256})
    tables = {}
    for part, stem in (("train", "train-labels-idx1-ubyte"), ("test", "t10k-labels-idx1-ubyte")):
        name = f"qmnist-{part}-labels.tsv.gz"
        (folder / name).write_bytes(qmnist_table(arrays[stem], np.arange(len(arrays[stem]))))
        tables[name] = sha256_of(folder / name)
    monkeypatch.setattr(mnist, "QMNIST_SHA256", tables)
    return mirror


def test_load_downloads_into_the_cache_and_needs_no_network_after(small_mnist, monkeypatch, tmp_path):
    monkeypatch.setenv("DIGITSTRING_MIRRORS", f"http://127.0.0.1:1 {small_mnist[1]}")
    first = load_mnist()
    monkeypatch.setenv("DIGITSTRING_MIRRORS", "http://127.0.0.1:1")
    again = load_mnist()
    np.testing.assert_array_equal(first.train_images, again.train_images)
    assert again.test_writers.tolist() == [0, 1, 2, 3, 4]
    assert (tmp_path / "cache" / "mnist" / "train-images-idx3-ubyte.gz").is_file()


def test_fetch_puts_the_files_where_it_is_told(small_mnist, tmp_path):
    assert fetch_mnist(tmp_path / "here", [small_mnist[1]]) == tmp_path / "here"
    assert len(load_mnist(tmp_path / "here").train_labels) == 12


def test_without_tables_of_writers_there_is_a_warning(small_mnist, tmp_path, caplog):
    for name in QMNIST_SHA256:
        (small_mnist[0] / name).unlink()
    fetch_mnist(tmp_path / "here", [small_mnist[1]])
    assert "without its writers" in caplog.text
    assert load_mnist(tmp_path / "here").train_writers is None


def test_offline_without_files_is_one_clear_sentence(monkeypatch):
    monkeypatch.setenv("DIGITSTRING_MIRRORS", "http://127.0.0.1:1")
    with pytest.raises(DataError, match=r"could not be downloaded.*give the folder") as caught:
        load_mnist()
    assert "\n" not in str(caught.value)


def test_the_real_files(real_data):
    folder = real_data("mnist")
    for name, sha256 in (MNIST_SHA256 | QMNIST_SHA256).items():
        path = folder / name
        assert not path.exists() or sha256_of(path) == sha256
    data = load_mnist(folder)
    assert data.train_images.shape == (60000, 28, 28) and data.test_images.shape == (10000, 28, 28)
    assert np.bincount(data.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    if data.train_writers is not None:
        assert len(np.unique(data.train_writers)) == 539
        assert not np.intersect1d(data.train_writers, data.test_writers).size
