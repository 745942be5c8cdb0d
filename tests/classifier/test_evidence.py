import pytest

from classifier.sentences import sentences

POST = (
    "Happy Monday, everyone! "
    "🇮🇶🤝🇺🇸 This morning the Coalition's deputy commander met the minister of peshmerga in Erbil. "
    "Afterwards 24 armoured trucks were handed over to the brigade as a gift.\n"
    "صباح الخير. More pictures tomorrow."
)


@pytest.fixture(scope="module")
def scores(model):
    (found,) = model.predict([POST])
    return {score.topic: score for score in found.topics}


def shown(score) -> str:
    return POST[score.evidence_start : score.evidence_end]


def test_each_topic_is_shown_with_the_sentence_that_says_it(scores):
    assert shown(scores["key_leader_engagement"]).endswith("met the minister of peshmerga in Erbil.")
    assert shown(scores["logistics_support"]).startswith("Afterwards 24 armoured trucks")


def test_evidence_is_exactly_a_sentence_of_the_text(scores):
    spans = sentences(POST)
    told = [score for score in scores.values() if score.decision != "not"]
    assert told
    assert all((score.evidence_start, score.evidence_end) in spans for score in told)


def test_what_is_not_tagged_has_no_evidence(scores):
    rest = [score for score in scores.values() if score.decision == "not"]
    assert rest
    assert all(score.evidence_start is None and score.evidence_end is None for score in rest)


def test_a_text_of_one_sentence_is_its_own_evidence(model):
    text = "  Recruits finished basic training at the academy  "
    (found,) = model.predict([text])
    score = next(s for s in found.topics if s.topic == "training")
    assert text[score.evidence_start : score.evidence_end] == text.strip()
