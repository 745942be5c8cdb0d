"""A purse without a database, for rounds without an archive."""

from collections.abc import Iterable, Mapping

from collector.purse import Purse
from core.errors import OverBudget
from core.settings import X_PRICES


class Wallet(Purse):
    """What is held back, what was read, and what is lost because nobody knows what it brought."""

    def __init__(self, budget: float) -> None:
        self.budget, self.held, self.lost, self.read = round(budget * 1e6), 0, 0, set[tuple[str, str]]()
        self.reserved: list[int] = []
        self._prices = X_PRICES

    def left(self) -> int:
        return self.budget - self.held - self.lost - self.paid

    def part(self) -> int:
        return self.budget // 4

    @property
    def paid(self) -> int:
        return sum(self.cost({word: 1}) for word, _ in self.read)

    def reserve(self, worst: Mapping[str, int]) -> None:
        self.lost, self.held = self.lost + self.held, 0
        if self.cost(worst) > self.left():
            raise OverBudget("the day is spent", retry_after=60)
        self.held, self.out = self.cost(worst), False
        self.reserved.append(self.held)

    def took(self, reads: Mapping[str, Iterable[str]]) -> None:
        assert self.cost({word: len(set(numbers)) for word, numbers in reads.items()}) <= self.held
        self.held = 0
        self.read |= {(word, number) for word, numbers in reads.items() for number in numbers}

    def went_out(self) -> None:
        self.out = True

    def failed(self, *, answered: bool) -> None:
        self.keep() if self.out and not answered else self.release()

    def release(self) -> None:
        self.held = 0

    def keep(self) -> None:
        self.lost, self.held = self.lost + self.held, 0

    def until_tomorrow(self) -> float:
        return 3600
