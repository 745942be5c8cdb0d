"""The generated pairs are judged as docs/echoes.md says, also those of templates that nobody looked at."""

import pytest

from benchmarks import echoes
from benchmarks.echo_texts import LANGUAGES, pairs
from core.sameness import Said, likeness


@pytest.mark.parametrize("part", ["templates", "held_out"])
def test_most_of_what_is_called_an_echo_is_one_and_most_are_found(part):
    found = list(pairs(1, 1, part))
    assert {pair.lang for pair in found} == set(LANGUAGES)
    said = [(pair.same, likeness(Said(pair.one), Said(pair.other)) is not None) for pair in found]
    right = sum(same and told for same, told in said)
    assert right >= 0.97 * sum(told for _, told in said)
    assert right >= 0.97 * sum(same for same, _ in said)


def test_it_prints_the_tables_and_writes_what_they_say(tmp_path, capsys):
    assert echoes.main(["--each", "1", "--json", str(tmp_path / "echoes.json")]) == 0
    told = capsys.readouterr().out
    assert "| shipped | " in told and "| another number | no | " in told
    assert '"languages"' in (tmp_path / "echoes.json").read_text("utf-8")
