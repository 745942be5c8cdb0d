"""Training on a few posts: what must hold whatever the data."""

import json

import numpy as np
import pytest

from classifier import heads, taxonomy
from classifier.corpus import Corpus
from classifier.embed import Encoder
from classifier.fitting import Recipe
from classifier.model import SHIPPED, Model
from classifier.train import topic_texts, train
from core.errors import ModelError

PLACES = (
    "in Erbil",
    "near Kirkuk",
    "outside Duhok",
    "at Halabja",
    "by Mosul",
    "around Zakho",
    "in Soran",
    "at Taji",
)
WHO = ("Recruits", "Soldiers", "Police cadets", "Border guards", "Snipers", "Medics", "Officers", "Commandos")
COURSE = (
    "finished a mortar course",
    "held a live-fire drill",
    "completed basic training",
    "graduated from the academy",
)
AID = ("got tents and blankets", "received food for the winter", "left the camp for home", "were given clean water")
LEISURE = ("won the football final", "opened a bakery", "planted forty roses", "sold carpets and tea")
WHOM = (
    "Displaced families",
    "Refugees",
    "Returnees",
    "Camp residents",
    "Uprooted children",
    "Evacuees",
    "Widows",
    "Tent dwellers",
)
NEIGHBOURS = (
    "Students",
    "Two brothers",
    "Gardeners",
    "A choir",
    "Fishermen",
    "Retired teachers",
    "Twins",
    "Bakers",
)
FORMS = ((WHO, COURSE, ["training"]), (WHOM, AID, ["humanitarian"]), (NEIGHBOURS, LEISURE, []))
POSTS = 8 * 2 * len(FORMS)
TOPICS = tuple(t for t in taxonomy.topics() if t.slug in ("training", "humanitarian"))


def write_posts(folder, *, backwards: bool = False):
    rows = [
        {
            "text": f"{people[n]} {deeds[(n + turn) % 4]} {PLACES[(n * 3 + turn) % 8]}.",
            "labels": labels,
            "language": "en",
        }
        for people, deeds, labels in FORMS
        for n in range(8)
        for turn in range(2)
    ]
    lines = [json.dumps(row) for row in (rows[::-1] if backwards else rows)]
    folder.mkdir()
    half = len(lines) // 2
    for name, part in (("b" if backwards else "a", lines[:half]), ("c", lines[half:])):
        (folder / f"{name}.jsonl").write_text("\n".join(part), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory, model):
    """Two runs with the encoder that is loaded already, and what they told."""
    root = tmp_path_factory.mktemp("train")
    told = []

    def run(name: str, *, backwards: bool):
        data = write_posts(root / f"data-{name}", backwards=backwards)
        out = root / name
        card = train(
            data,
            SHIPPED,
            seed=3,
            out_dir=out,
            recipes=[Recipe(0.2, 1.0)],
            topics=TOPICS,
            progress=lambda what, done, of: told.append(what),
        )
        return out, card

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Encoder, "load", lambda path, threads: model.encoder)
        first, card = run("first", backwards=False)
        second, _ = run("second", backwards=True)
    return first, second, card, told


def test_the_same_posts_and_seed_give_the_same_bytes_in_any_order_of_files(trained):
    first, second, _, _ = trained
    for name in (heads.FILE, "card.json", "card.md"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_what_was_trained_is_a_complete_model_that_knows_what_it_was_trained_on(trained):
    first, _, card, _ = trained
    model = Model.load(first)
    assert model.topics == ("training", "humanitarian")
    assert model.card == card
    assert card["trained"]["seed"] == 3
    assert card["trained"]["taxonomy"] == taxonomy.digest(TOPICS)
    assert (first / "NOTICE").is_file()
    (found,) = model.predict(["A mortar course for soldiers ended in Dohuk."])
    assert found.tagged == {"training"}


def test_the_card_counts_posts_and_names_its_figures(trained):
    _, _, card, _ = trained
    kept = card["data"]["posts"]
    assert kept + card["data"]["near_duplicates_removed"] == POSTS
    assert card["test"]["posts"] + card["validation"]["posts"] + card["data"]["parts"]["train"] == kept
    assert {"macro_f1", "micro_f1", "off_topic_tagged", "topics", "languages"} <= set(card["test"])
    assert not any("written for this project" in limit for limit in card["limits"])  # they were not


def test_progress_names_each_stage(trained):
    assert {"passages read", "recipes compared", "validated", "tested"} <= set(trained[3])


def test_a_place_that_cannot_be_written_and_a_folder_that_is_not_there_are_told_before_any_work(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ModelError, match="a model cannot be written there"):
        train(tmp_path, SHIPPED, out_dir=tmp_path / "file" / "out")
    with pytest.raises(ModelError, match="no such folder"):
        train(tmp_path / "nothing", SHIPPED, out_dir=tmp_path / "out")


def test_too_few_posts_say_so(tmp_path):
    with pytest.raises(ModelError, match=r"0 labelled posts in \*.jsonl files are too few"):
        train(tmp_path, SHIPPED, out_dir=tmp_path / "out")


def test_a_folder_is_read_whatever_its_files_are_called(tmp_path):
    folder = write_posts(tmp_path / "data")
    corpus = Corpus.read(folder, [topic.slug for topic in TOPICS], 3)
    assert len(corpus.posts) + corpus.removed == POSTS
    assert sum(len(corpus.of(part)) for part in ("train", "validation", "test")) == len(corpus.posts)
    assert corpus.labels(corpus.posts).sum(axis=0).tolist() == [
        sum(slug in post.labels for post in corpus.posts) for slug in corpus.slugs
    ]


def test_the_taxonomys_texts_speak_of_their_own_topic_alone():
    texts, labels = topic_texts(TOPICS)
    assert len(texts) == len(labels) == sum(2 + len(t.inside) + len(t.outside) for t in TOPICS)
    known = ~np.isnan(labels)
    assert (known.sum(axis=1) == 1).all()
    assert labels[texts.index(TOPICS[0].definition), 0] == 1
    assert labels[texts.index(TOPICS[1].outside[0]), 1] == 0
