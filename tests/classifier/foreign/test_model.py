"""Models of other makers as classifiers, against what the library itself says of the same texts."""

import json
import shutil

import numpy as np
import pytest

from classifier import taxonomy
from classifier.foreign.model import Foreign
from core.errors import ModelError
from tests.classifier.foreign.conftest import NLI, WORDS

pytestmark = pytest.mark.usefixtures("torch")
TEXTS = ("The minister spoke about reform.", "Rain.", "the school of training soldiers", "reform plan " * 9)
FILLER = "The minister spoke about the weather in the school. "


def probabilities(found):
    return np.array([[score.probability for score in one.topics] for one in found])


def by_library(folder, texts, pairs=None):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer, model = (
        kind.from_pretrained(folder) for kind in (AutoTokenizer, AutoModelForSequenceClassification)
    )
    given = [texts] if pairs is None else [texts, pairs]
    rows = [tokenizer(*one, return_tensors="pt") for one in zip(*given, strict=True)]
    with torch.inference_mode():
        return torch.cat([model(**row).logits for row in rows]).double()


def test_several_labels_may_hold_where_the_model_says_so(tuned):
    model = Foreign.load(tuned)
    assert model.topics == ("training", "reform")
    found = probabilities(model.predict(TEXTS))
    expected = by_library(tuned, TEXTS).sigmoid().numpy()[:, [1, 0]]
    assert found == pytest.approx(expected, abs=1e-6)


def test_one_label_of_many_is_a_softmax(make):
    folder = make(("stability", "reform", "other"))
    model = Foreign.load(folder, given={"other": "none"})
    expected = by_library(folder, TEXTS).softmax(dim=1).numpy()[:, :2]
    assert model.topics == ("stability", "reform")
    assert probabilities(model.predict(TEXTS)) == pytest.approx(expected, abs=1e-6)


def test_an_nli_model_is_asked_about_each_topic(make):
    folder = make(NLI, max_position_embeddings=120)
    model = Foreign.load(folder, template="This text is about {name}. {definition}")
    topics = taxonomy.topics()
    assert model.topics == tuple(topic.slug for topic in topics)
    pairs = [f"This text is about {topic.name}. {topic.definition}" for topic in topics]
    for text, row in zip(TEXTS[:2], probabilities(model.predict(TEXTS[:2])), strict=True):
        logits = by_library(folder, [text] * len(topics), pairs)
        assert row == pytest.approx(logits[:, [0, 2]].softmax(dim=1)[:, 1].numpy(), abs=1e-6)


def test_a_long_text_is_read_to_its_end_and_its_sentence_is_the_evidence(tuned):
    model = Foreign.load(tuned)
    last = "Soldiers in training."
    text = FILLER * 30 + last
    (found,) = model.predict([text])
    score = next(score for score in found.topics if score.topic == "training")
    assert score.decision == "tagged"
    assert text[score.evidence_start : score.evidence_end] == last
    assert "reform" not in found.tagged and not any(s.evidence_end for s in found.topics if s.decision == "not")


def test_no_window_is_longer_than_the_model_reads(make):
    for folder, beside in ((make(("reform", "training")), ()), (make(NLI), ("this text is about a plan .",) * 2)):
        network = Foreign.load(folder).network
        texts = [FILLER * 30, "reform " * 500, "minister" * 50]
        for text, reading in zip(texts, network.read(texts, beside), strict=True):
            covered = "".join(text[w.start : w.end] for w in reading.windows).replace(" ", "")
            assert covered == text.replace(" ", "")
            for window in reading.windows:
                pair = [text[window.start : window.end], *beside[:1]]
                assert len(network.tokenizer(*pair)["input_ids"]) <= network.longest == 64


def test_results_do_not_depend_on_batch_or_run(tuned):
    model = Foreign.load(tuned)
    texts = [*TEXTS, "", "x", "\x00\x01", "\ud83c half", " ".join(WORDS * 40)]
    together, again = model.predict(texts), model.predict(texts)
    assert np.isfinite(probabilities(together)).all()
    assert [one.topics for one in together] == [one.topics for one in again]
    for text, found in zip(texts, probabilities(together), strict=True):
        assert probabilities(model.predict([text]))[0] == pytest.approx(found, abs=1e-6)
    assert model.predict([]) == []
    assert model.predict([""])[0].tagged == frozenset()


def test_threshold_and_unsure_band_follow_the_setting(tuned):
    strict = Foreign.load(tuned, threshold=0.999999)
    (found,) = strict.predict(["reform plan"])
    assert found.tagged == frozenset()
    (usual,) = Foreign.load(tuned).predict(["reform plan"])
    assert usual.tagged == {"reform"} and strict.thresholds.tolist() == [0.999999] * 2


def test_the_digest_covers_files_and_settings(tuned, tmp_path):
    model = Foreign.load(tuned)
    assert model.digest == Foreign.load(tuned).digest and len(model.digest) == 64
    shutil.copytree(tuned, tmp_path / "copy")
    assert Foreign.load(tmp_path / "copy").digest == model.digest
    weights = tmp_path / "copy" / "tokenizer_config.json"
    weights.write_text(weights.read_text("utf-8") + "\n", "utf-8")
    others = [Foreign.load(tmp_path / "copy"), Foreign.load(tuned, threshold=0.6)]
    assert model.digest not in {other.digest for other in others}


def test_the_card_says_what_it_is(tuned, make):
    assert "BertForSequenceClassification, of another maker; by its labels" in str(Foreign.load(tuned).card)
    assert "zero-shot" in str(Foreign.load(make(NLI)).card) and "Its probabilities are its own" in str(
        Foreign.load(tuned).card
    )


def test_a_model_of_one_number_is_refused(make):
    with pytest.raises(ModelError, match="gives one number, not labels"):
        Foreign.load(make(("LABEL_0",)))


def test_code_that_comes_with_a_model_is_not_run(make, tmp_path):
    shutil.copytree(make(("reform", "training")), tmp_path / "copy")
    file = tmp_path / "copy" / "config.json"
    config = {
        **json.loads(file.read_text("utf-8")),
        "model_type": "own-kind",
        "auto_map": {"AutoConfig": "own.Kind"},
    }
    file.write_text(json.dumps(config), "utf-8")
    (tmp_path / "copy" / "own.py").write_text("raise SystemExit('it ran')", "utf-8")
    with pytest.raises(ModelError, match="its files cannot be read"):
        Foreign.load(tmp_path / "copy")
