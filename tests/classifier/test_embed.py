import numpy as np
import pytest

from classifier.embed import BATCH_TOKENS, FILES, WINDOW_TOKENS, Encoder, batches, digest_files, joined
from classifier.model import SHIPPED
from core.errors import ModelError

TEXTS = ("Advisors met.", "عقد اللقاء اليوم.", "کۆبوونەوەکە ئەنجام درا.", "Civîn hat kirin.", "🇮🇶🤝🇺🇸 #KLE @office")


def test_batches_hold_every_index_once_by_length_within_the_budget():
    lengths = [5, 128, 7, 128, 60, 5, 128, 9] * 20
    found = list(batches(lengths, budget=512))
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[i] for i in batch) <= 512 for batch in found)
    assert [lengths[i] for batch in found for i in batch] == sorted(lengths)


def test_a_window_over_the_budget_is_a_batch_of_its_own():
    assert list(batches([9, 3], budget=4)) == [[1], [0]]


def test_the_prefix_and_the_text_in_slices_are_the_tokens_of_both_together(model):
    encoder = model.encoder
    for text, tokens in zip(TEXTS, encoder.tokenize(TEXTS), strict=True):
        whole = encoder.tokenizer.run(f"query: {text}")["input_ids"]
        assert [*encoder.tokenizer.row(tokens.ids)] == whole


def test_no_window_is_longer_than_the_encoder_was_made_for(model):
    text = "Partner forces and advisors met again, and again, in the mountains of the north. " * 60
    (reading,) = model.encoder.read([text])
    overhead = len(model.encoder.tokenizer.row(()))
    assert len(reading.windows) > 5
    assert all(window.size + overhead <= WINDOW_TOKENS for window in reading.windows)
    assert BATCH_TOKENS >= WINDOW_TOKENS


def test_vectors_have_length_one_and_progress_reaches_the_end(model):
    seen = []
    windows = [tokens.ids for tokens in model.encoder.tokenize(TEXTS)]
    vectors = model.encoder.vectors(windows, lambda done, of: seen.append((done, of)))
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert seen[-1] == (len(TEXTS), len(TEXTS))


def test_the_same_sentence_in_four_languages_is_near_and_another_is_far(model):
    same = [
        "The minister of peshmerga met the commander of the Coalition.",
        "التقى وزير البيشمركة قائد التحالف.",
        "وەزیری پێشمەرگە لەگەڵ فەرماندەی هاوپەیمانان کۆبووەوە.",
        "Wezîrê pêşmerge bi fermandarê koalîsyonê re civiya.",
    ]
    other = "Tomorrow it will rain on the coast, and ferries stay in port."
    vectors = model.encoder.vectors([tokens.ids for tokens in model.encoder.tokenize([*same, other])])
    near, far = (vectors[1:4] @ vectors[0]).min(), float(vectors[4] @ vectors[0])
    assert near > far + 0.03


def test_a_text_of_several_windows_has_one_vector_of_length_one(model):
    text = "The course ended today. " * 60
    (reading,) = model.encoder.read([text])
    vectors = model.encoder.vectors([reading.ids(window) for window in reading.windows])
    assert len(vectors) > 1
    assert np.linalg.norm(joined(reading, vectors)) == pytest.approx(1, abs=1e-5)


def test_an_empty_text_has_the_zero_vector(model):
    (reading,) = model.encoder.read([""])
    empty = model.encoder.vectors([])
    assert not joined(reading, empty).any()


def test_a_missing_directory_says_what_to_do(tmp_path):
    with pytest.raises(ModelError, match=r"no such model directory.*KLE_MODEL"):
        Encoder.load(tmp_path / "nowhere")


def test_broken_files_say_what_to_do(tmp_path):
    for name in FILES:
        (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"cannot be read.*kle model train"):
        Encoder.load(tmp_path)


def test_the_digest_follows_every_byte_and_name(tmp_path):
    (tmp_path / "a").write_bytes(b"12")
    (tmp_path / "b").write_bytes(b"3")
    before = digest_files(tmp_path, ["a", "b"])
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"23")
    assert digest_files(tmp_path, ["a", "b"]) != before
    assert len(before) == 64


def test_the_shipped_artifact_is_small_enough_to_ship():
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) <= 45_000_000
