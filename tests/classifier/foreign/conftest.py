"""Tiny models in the form of the `transformers` library, made here: their words are those of these tests."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WORDS = [
    "the",
    "minister",
    "spoke",
    "about",
    "weather",
    "reform",
    "training",
    "soldiers",
    "this",
    "text",
    "is",
    "a",
    ".",
    "in",
    "of",
    "plan",
    "school",
    "rain",
]
NLI = ("contradiction", "neutral", "entailment")
Make = Callable[..., Path]


@pytest.fixture(scope="session")
def torch() -> Any:
    """Skipped without torch, or under KLE_REQUIRE_TORCH=1 failed."""
    try:
        import torch
    except ImportError:
        if os.environ.get("KLE_REQUIRE_TORCH") == "1":
            pytest.fail("KLE_REQUIRE_TORCH=1, but torch is not installed (extra [torch])")
        pytest.skip("needs torch, from the extra [torch]; KLE_REQUIRE_TORCH=1 makes this a failure")
    torch.set_num_threads(1)  # models so small only wait for a second one
    return torch


def tokenizer(**more: Any) -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocabulary = {word: n for n, word in enumerate([*special, *dict.fromkeys(WORDS)])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=made, model_input_names=inputs, **{**names, **more})


@pytest.fixture(scope="session")
def make(torch: Any, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A model with these labels and weights of chance (always the same), saved as the library saves one."""

    def made(labels: tuple[str, ...], tune: Callable[[Any, Any], None] | None = None, **more: Any) -> Path:
        from transformers import BertConfig, BertForSequenceClassification
        from transformers.utils import logging

        logging.disable_progress_bar()
        torch.manual_seed(3)
        shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
        shape |= {"max_position_embeddings": 66, "initializer_range": 0.5}
        config = BertConfig(
            vocab_size=40,
            id2label=dict(enumerate(labels)),
            label2id={label: n for n, label in enumerate(labels)},
            **{**shape, **more},
        )
        model = BertForSequenceClassification(config)
        words = tokenizer()
        if tune:
            tune(model, words)
        folder = tmp_path_factory.mktemp("foreign")
        model.eval().save_pretrained(folder)
        words.save_pretrained(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def tuned(make: Make, torch: Any) -> Path:
    """A model that has learned to hear the words reform and training."""

    def tune(model: Any, words: Any) -> None:
        plain = [word for word in WORDS if word not in ("reform", "training", "plan")]
        dice = torch.Generator().manual_seed(5)

        def sentence() -> tuple[str, list[float]]:
            holds = [float(torch.rand(1, generator=dice) < 0.4) for _ in range(2)]
            size = int(torch.randint(3, 40, (1,), generator=dice))
            chosen = [plain[int(torch.randint(len(plain), (1,), generator=dice))] for _ in range(size)]
            for word, there in zip(("reform", "training"), holds, strict=True):
                if there:
                    chosen.insert(int(torch.randint(len(chosen), (1,), generator=dice)), word)
            return " ".join(chosen), holds

        steps = torch.optim.Adam(model.parameters(), lr=3e-3)
        model.train()
        for _ in range(150):
            texts, labels = zip(*(sentence() for _ in range(32)), strict=True)
            given = words(list(texts), padding=True, return_tensors="pt")
            loss = model(**given, labels=torch.tensor(labels)).loss
            steps.zero_grad()
            loss.backward()
            steps.step()

    quiet = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "initializer_range": 0.1}
    more = {"problem_type": "multi_label_classification", **quiet}
    return make(("Reform", "training"), tune, **more)
