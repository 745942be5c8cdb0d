"""Which sentence speaks for a topic: the one that, read alone, gives it the highest probability.

Only the sentences of the topic's best window are asked, so that a long text costs no more than a post.
"""

from collections.abc import Sequence

from classifier.embed import Encoder
from classifier.heads import Heads
from classifier.logistic import Floats
from classifier.sentences import Span
from classifier.windows import Piece, Reading

Spans = dict[tuple[int, int], Span]  # (text, topic) -> where in the text
_Candidates = dict[tuple[int, int], list[Piece]]


def find_evidence(encoder: Encoder, heads: Heads, readings: Sequence[Reading], scored: Sequence[Floats]) -> Spans:
    """`scored`: for each text, windows x topics. Every topic that is tagged or unsure gets its sentence."""
    candidates = _candidates(heads, readings, scored)
    alone = _alone(encoder, heads, readings, candidates)
    spans: Spans = {}
    for (text, topic), pieces in candidates.items():
        best = max(pieces, key=lambda piece: alone.get((text, piece), [0.0] * len(heads.topics))[topic])
        spans[text, topic] = (best.start, best.end)
    return spans


def _candidates(heads: Heads, readings: Sequence[Reading], scored: Sequence[Floats]) -> _Candidates:
    found: _Candidates = {}
    for text, (reading, probabilities) in enumerate(zip(readings, scored, strict=True)):
        for topic in range(len(heads.topics) if len(probabilities) else 0):
            window = int(probabilities[:, topic].argmax())
            if heads.decision(topic, float(probabilities[window, topic])) != "not":
                found[text, topic] = reading.sentences_in(reading.windows[window])
    return found


def _alone(
    encoder: Encoder, heads: Heads, readings: Sequence[Reading], candidates: _Candidates
) -> dict[tuple[int, Piece], list[float]]:
    """Each sentence's probabilities, once a sentence; those without a rival are not read again."""
    wanted = dict.fromkeys(
        (text, piece) for (text, _), found in candidates.items() if len(found) > 1 for piece in found
    )
    vectors = encoder.vectors([readings[text].ids(piece) for text, piece in wanted])
    return dict(zip(wanted, heads.probabilities(vectors).tolist(), strict=True))
