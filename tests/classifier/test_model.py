import subprocess
import sys
from pathlib import Path

import pytest

import classifier
from classifier.embed import FILES
from classifier.model import SHIPPED, Model
from core.errors import ModelError

CLEAR = {
    "en": ("The ambassador met the minister of defence in his office today.", "key_leader_engagement"),
    "ar": ("ألقت القوات الأمنية القبض على إرهابيين من عصابات داعش.", "counter_isis_operations"),
    "ckb": ("یەکخستنی هێزەکانی ٧٠ و ٨٠ی پێشمەرگە لە چوارچێوەی چاکسازیی وەزارەتدا بەردەوامە.", "reform"),
    "kmr": ("Malbatên koçber ji kampê vegeriyan gundên xwe, alîkariya mirovî gihîşt wan.", "humanitarian"),
}
OFF_TOPIC = (
    "Happy birthday to our band! Cake at noon.",
    "The central bank expects a stable currency and lower prices.",
    "فاز منتخب كرة القدم بهدفين مقابل هدف.",
    "ئەمڕۆ باران دەبارێت و پلەی گەرما نزم دەبێتەوە.",
    "Şahiya zanîngehê roja înê dest pê dike.",
)


def numbers(prediction) -> list[float]:
    return [score.probability for score in prediction.topics]


@pytest.mark.parametrize("language", CLEAR)
def test_a_clear_post_is_tagged_in_each_of_the_four_languages(model, language):
    text, topic = CLEAR[language]
    (found,) = model.predict([text])
    assert topic in found.tagged


def test_posts_about_something_else_get_no_tag(model):
    assert [found.tagged for found in model.predict(OFF_TOPIC)] == [frozenset()] * len(OFF_TOPIC)


def test_every_topic_is_scored_in_the_order_of_the_model(model):
    (found,) = model.predict(["Hello."])
    assert tuple(score.topic for score in found.topics) == model.topics
    assert len(model.topics) == 10
    assert all(0 < score.threshold < 1 for score in found.topics)


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b"[:0]])
def test_an_empty_text_gets_no_tag_and_the_zero_vector(model, text):
    (found,) = model.predict([text])
    assert found.tagged == frozenset()
    assert max(numbers(found)) < 1e-9
    assert found.vector.shape == (384,)
    assert not found.vector.any()


def test_no_text_gives_no_prediction(model):
    assert model.predict([]) == []


def test_what_only_the_last_paragraph_says_is_found_and_shown(model):
    filler = "The weather on the coast will be mild, and the ferries keep to their winter timetable. "
    last = "Forty soldiers graduated from the mine clearance course at the army training centre."
    text = filler * 40 + "\n\n" + last
    (found,) = model.predict([text])
    score = next(s for s in found.topics if s.topic == "training")
    assert score.decision == "tagged"
    assert text[score.evidence_start : score.evidence_end] == last


def test_the_model_loads_and_predicts_without_a_word_on_standard_error():
    code = "from classifier.model import Model; print(len(Model.load().predict(['x ' * 600])))"
    root = Path(classifier.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("1", "")


def test_the_digest_names_these_files_and_the_card_their_figures(model):
    assert len(model.digest) == 64
    assert model.digest == Model(SHIPPED, model.encoder, model.heads).digest
    assert model.card["trained"]["encoder"] == model.heads.trained["encoder"]
    assert 0.5 < model.card["test"]["macro_f1"] < 1


def test_a_model_without_heads_says_what_is_missing_and_what_to_do(tmp_path):
    for name in FILES:
        (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"lacks heads.json.*kle model train"):
        Model.load(tmp_path)


def test_a_model_without_a_card_has_an_empty_one(tmp_path, model):
    assert Model(tmp_path, model.encoder, model.heads).card == {}


def test_progress_is_told(model):
    seen = []
    model.predict(["One sentence.", "Two. Sentences."], progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (4, 4)  # the second is read as a whole and by its two sentences
